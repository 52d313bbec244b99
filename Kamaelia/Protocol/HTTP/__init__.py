"""Components for HTTP: clients and servers of the web.

HTTPClient        a client for one URL after another, and the historical names of clients
SingleShotClient  a client for one URL
HTTPHelpers       POST requests for a client
PieceSender       sends a request to a connection
"""
