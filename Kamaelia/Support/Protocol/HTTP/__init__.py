"""HTTP as plain code.

Messages  the messages between a parser of HTTP and the component that uses it
Uri       the parts of a URL
"""
