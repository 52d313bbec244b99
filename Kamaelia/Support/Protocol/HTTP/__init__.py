"""HTTP as plain code.

Messages        the messages between a parser of HTTP and the component that uses it
Uri             the parts of a URL
ClientRequest   the request of a client, and the one that follows a redirect
ResponseReader  the response to a client's request
ContentDecoder  bodies that are compressed, within a limit
"""
