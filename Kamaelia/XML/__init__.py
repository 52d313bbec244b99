"""Components for XML.

SimpleXMLParser  a parser of XML streams
GraphSlides      the slides in a document, for the graph viewer
"""
