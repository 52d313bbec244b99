"""The old name of Kamaelia.Util.Filter."""

from Kamaelia.Util.Filter import FilterComponent

__all__ = ["FilterComponent"]
