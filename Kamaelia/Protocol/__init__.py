"""Components for protocols of the network.

HTTP  clients and servers of the web
"""
