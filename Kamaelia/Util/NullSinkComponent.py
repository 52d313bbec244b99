"""The historical import path of Kamaelia.Util.NullSink."""

from Kamaelia.Util.NullSink import nullSinkComponent

__all__ = ["nullSinkComponent"]
