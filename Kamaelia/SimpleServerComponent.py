"""The deprecated import path of SimpleServer. An import from here warns."""

from Kamaelia.Support.Deprecate import forwardTo

__getattr__ = forwardTo(
    "Kamaelia.Chassis.ConnectedServer", "Kamaelia.SimpleServerComponent", "SimpleServer"
)
