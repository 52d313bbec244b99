"""Printed traces of the messages that a component sends and receives.

Example usage
-------------
    import Axon.Component
    Axon.Component.TraceAllSends = True     # before the components are created
    Axon.Component.TraceAllRecvs = True

prints, with the identity of the message, the short name of the component, the box and the text
of the message:

    SEND: 139922 Reader_5 'outbox' : hello
    RECV: 139922 Writer_6 'inbox' : hello

The identity is the same in both lines, so that one message can be followed.

How does it work?
-----------------
A component that is traced has its own `send` or `recv`, which prints and then calls the method
of the class. Other components pay nothing.
"""

from __future__ import annotations

from typing import Any

__all__ = ["traceRecvs", "traceSends"]


def traceSends(traced: Any) -> None:
    """Print each message that the component `traced` sends from now on."""
    send = traced.send

    def tracedSend(message: Any, boxname: str = "outbox") -> None:
        _show("SEND:", traced, boxname, message)
        send(message, boxname)

    traced.send = tracedSend


def traceRecvs(traced: Any) -> None:
    """Print each message that the component `traced` receives from now on."""
    recv = traced.recv

    def tracedRecv(boxname: str = "inbox") -> Any:
        message = recv(boxname)
        _show("RECV:", traced, boxname, message)
        return message

    traced.recv = tracedRecv


def _show(what: str, traced: Any, boxname: str, message: Any) -> None:
    shortName = traced.name.rpartition(".")[2]
    print(what, id(message), shortName, repr(boxname), ":", message)  # noqa: T201 - its purpose
