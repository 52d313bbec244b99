"""Applications of the web behind an HTTPServer.

WSGI  applications with the interface of PEP 3333, such as those of Flask and Django
"""

from Kamaelia.Apps.JMB.WSGI import SimpleWSGIFactory, WSGIFactory

__all__ = ["SimpleWSGIFactory", "WSGIFactory"]
