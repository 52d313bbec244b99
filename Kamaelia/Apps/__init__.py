"""Applications, and components that contributors have made for theirs.

Command       the command kamaelia: run, check and draw a system
Grey          the greylisting mail proxy
Command       the command kamaelia
IRCLogger     a logger of an IRC channel
JMB           WSGI applications behind the HTTP server
SA            timers, a time limit for a component, a sink for tests
MPS           a tee that copies chosen messages to a component
MH            a profiler
CL            JSON, a chooser with a dict, a file writer that reports
Europython09  a bulletin board, and Unix filters as components
"""
