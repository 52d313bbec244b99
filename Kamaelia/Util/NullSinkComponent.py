"""The old name of Kamaelia.Util.NullSink."""

from Kamaelia.Util.NullSink import nullSinkComponent

__all__ = ["nullSinkComponent"]
