"""Components for IRC.

IRCClient  a client, with and without its connection
"""
