"""Data structures and forms of data as plain code.

BerkeleyBtree  the pairs in a B-tree file of Berkeley DB
ERModel      entity-relationship models, and the graphs of them
Escape       the escapes of characters in a text or in bytes
MimeDict     a header with a body that keeps the order of its fields
MimeObject   a header, a body and a first line
MimeRequest  a parser of requests: a first line, a header and a body
Rationals    fractions for floating-point numbers
XMLEvents    a parser of XML streams with limits
bitfieldrec  records of bit fields
requestLine  the first line of a request with an absolute URI

Experimental is a historical import path.
"""
