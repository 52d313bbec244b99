"""A logger of an IRC channel, which also answers a few questions.

Support     what is written, and the answers: plain functions
Logger      the component that decides what goes where, and the logger with its connection
LogWriter   the files
Reconnect   a new connection after the old one has ended
__main__    the program: python -m Kamaelia.Apps.IRCLogger --help
"""
