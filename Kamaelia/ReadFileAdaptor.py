"""The deprecated import path of Kamaelia.File.ReadFileAdaptor. An import from here warns."""

from Kamaelia.Support.Deprecate import forwardTo

__getattr__ = forwardTo(
    "Kamaelia.File.ReadFileAdaptor", "Kamaelia.ReadFileAdaptor", "ReadFileAdaptor"
)
