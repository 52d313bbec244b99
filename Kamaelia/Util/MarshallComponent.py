"""A Marshaller and a DeMarshaller of the same class, side by side in one component.

Example usage
-------------
    both = BasicMarshallComponent(Address)
    self.link((self, "address"), (both, "marshall"))
    self.link((both, "marshalled"), (connection, "inbox"))
    self.link((connection, "outbox"), (both, "demarshall"))
    self.link((both, "demarshalled"), (self, "inbox"))

How does it work?
-----------------
It is a Graphline; see Kamaelia.Util.Marshalling for what the class must have.

Termination: at a producerFinished or shutdownMicroprocess, first of the Marshaller.
"""

from typing import Any

from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Util.Marshalling import DeMarshaller, Marshaller

__all__ = ["BasicMarshallComponent"]


def BasicMarshallComponent(klass: Any) -> Graphline:
    """A component: "marshall" to "marshalled", "demarshall" to "demarshalled"."""
    return Graphline(
        THERE=Marshaller(klass),
        BACK=DeMarshaller(klass),
        linkages={
            ("", "marshall"): ("THERE", "inbox"),
            ("THERE", "outbox"): ("", "marshalled"),
            ("", "demarshall"): ("BACK", "inbox"),
            ("BACK", "outbox"): ("", "demarshalled"),
            ("", "control"): ("THERE", "control"),
            ("THERE", "signal"): ("BACK", "control"),
            ("BACK", "signal"): ("", "signal"),
        },
    )


__kamaelia_prefabs__ = (BasicMarshallComponent,)
