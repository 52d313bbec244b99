"""Data structures as plain code.

MimeDict     a header with a body that keeps the order of its fields
MimeObject   a header, a body and a first line
MimeRequest  a parser of requests: a first line, a header and a body
XMLEvents    a parser of XML streams with limits
requestLine  the first line of a request with an absolute URI
"""
