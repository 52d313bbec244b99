"""Conversion of objects into a form that can be transmitted, and back.

Example usage
-------------
    Pipeline(Marshaller(Address), Sender())
    Pipeline(Receiver(), DeMarshaller(Address), Book())

How does it work?
-----------------
The class defines the conversion: a Marshaller sends klass.marshall(message) for each message,
a DeMarshaller sends klass.demarshall(message).

Termination: when a shutdown message arrives at "control", after all earlier messages.
"""

from typing import Any

from Kamaelia.Util.PureTransformer import PureTransformer

__all__ = ["DeMarshaller", "Marshaller"]


class Marshaller(PureTransformer):
    """A transformer of each message into klass.marshall(message)."""

    sendsNone = True

    def __init__(self, klass: Any) -> None:
        super().__init__(klass.marshall)


class DeMarshaller(PureTransformer):
    """A transformer of each message into klass.demarshall(message)."""

    sendsNone = True

    def __init__(self, klass: Any) -> None:
        super().__init__(klass.demarshall)


__kamaelia_components__ = (Marshaller, DeMarshaller)
