"""Components for XML.

SimpleXMLParser  a parser of XML streams
"""
