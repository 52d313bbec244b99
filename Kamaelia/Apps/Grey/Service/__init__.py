"""Kamaelia Grey as a program: from the command line and the configuration to a running server.

Command       the command line, kamaelia-grey
Application   the server: start, reload, stop
Assembly      from a configuration to handlers, lists, TLS and sockets
Checks        what is wrong around a configuration: folders, store, certificates, names
Metrics       figures for Prometheus
Tables        tables for a terminal
Demo, DemoClient, Display, Sink   `make run`: a server to look at, and mails for it
"""
