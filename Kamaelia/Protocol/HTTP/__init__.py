"""Components for HTTP: clients and servers of the web."""
