"""The historical import path of Kamaelia.Chassis.Graphline."""

from Kamaelia.Chassis.Graphline import Graphline

__all__ = ["Graphline"]
