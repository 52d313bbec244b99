"""The deprecated import path of EchoProtocol. An import from here warns."""

from Kamaelia.Support.Deprecate import forwardTo

__getattr__ = forwardTo(
    "Kamaelia.Protocol.EchoProtocol", "Kamaelia.Protocol.EchoProtocolComponent", "EchoProtocol"
)
