"""WSGI applications as handlers of an HTTPServer.

Example usage
-------------
    routing = [["/", SimpleWSGIFactory({}, application)]]
    ServerCore(protocol=HTTPProtocol(routing), port=8080).run()

Factory      the functions that create the handlers
WSGIHandler  the handler of one request
AppThread    a call of an application, in a thread
RequestBody  the body of a request, in memory or in a temporary file
"""

from Kamaelia.Apps.JMB.WSGI.Factory import (
    SimpleWSGIFactory,
    WSGIFactory,
    WSGIImportError,
)

__all__ = ["SimpleWSGIFactory", "WSGIFactory", "WSGIImportError"]
