"""A Marshaller and a DeMarshaller of the same class in one component.

Example usage
-------------
    both = BasicMarshallComponent(Address)
    self.link((self, "address"), (both, "marshall"))
    self.link((both, "marshalled"), (connection, "inbox"))
    self.link((connection, "outbox"), (both, "demarshall"))
    self.link((both, "demarshalled"), (self, "inbox"))

How does it work?
-----------------
It is a Graphline. Kamaelia.Util.Marshalling describes the methods that the class needs.

Termination: at a producerFinished or shutdownMicroprocess. The Marshaller ends first.
"""

from typing import Any

from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Util.Marshalling import DeMarshaller, Marshaller

__all__ = ["BasicMarshallComponent"]


def BasicMarshallComponent(klass: Any) -> Graphline:
    """Return a component with a Marshaller and a DeMarshaller.

    It converts messages from "marshall" to "marshalled" and from "demarshall" to "demarshalled".
    """
    return Graphline(
        ENCODE=Marshaller(klass),
        DECODE=DeMarshaller(klass),
        linkages={
            ("", "marshall"): ("ENCODE", "inbox"),
            ("ENCODE", "outbox"): ("", "marshalled"),
            ("", "demarshall"): ("DECODE", "inbox"),
            ("DECODE", "outbox"): ("", "demarshalled"),
            ("", "control"): ("ENCODE", "control"),
            ("ENCODE", "signal"): ("DECODE", "control"),
            ("DECODE", "signal"): ("", "signal"),
        },
    )


__kamaelia_prefabs__ = (BasicMarshallComponent,)
