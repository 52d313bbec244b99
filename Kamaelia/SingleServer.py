"""The deprecated import path of Kamaelia.Internet.SingleServer. An import from here warns."""

from Kamaelia.Support.Deprecate import forwardTo

__getattr__ = forwardTo("Kamaelia.Internet.SingleServer", "Kamaelia.SingleServer", "SingleServer")
