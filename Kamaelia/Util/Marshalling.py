"""Turns objects into what can be sent, and back.

Example usage
-------------
    Pipeline(Marshaller(Address), Sender())
    Pipeline(Receiver(), DeMarshaller(Address), Book())

How does it work?
-----------------
The class says how: a Marshaller sends klass.marshall(message) for each message,
a DeMarshaller klass.demarshall(message).

Termination: as a PureTransformer's.
"""

from typing import Any

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["DeMarshaller", "Marshaller"]


class Marshaller(PureTransformer):
    """Marshaller(klass) -> sends klass.marshall(message) for each message."""

    sendsNone = True

    def __init__(self, klass: Any) -> None:
        super().__init__(klass.marshall)


class DeMarshaller(PureTransformer):
    """DeMarshaller(klass) -> sends klass.demarshall(message) for each message."""

    sendsNone = True

    def __init__(self, klass: Any) -> None:
        super().__init__(klass.demarshall)


__kamaelia_components__ = (Marshaller, DeMarshaller)
