"""Kamaelia Grey as a program: from the command line and the configuration to a running server.

Command       the command line, kamaelia-grey
Application   the server: start, reload, stop
Servers       the servers for SMTP and for policy requests
Assembly      creates handlers, lists, TLS contexts and sockets from a configuration
Checks        checks of all that a configuration names: folders, store, certificates, hosts
Metrics       metrics for Prometheus
Transfers     the commands that import and export records
MailReport    what greylisting has done, from the JSON log
Tables        tables for a terminal
Demo, DemoClient, Display, MailSink   the demonstration `make run`
"""
