"""Applications: whole programs made of components.

Grey       the greylisting mail proxy
IRCLogger  a logger of an IRC channel
"""
