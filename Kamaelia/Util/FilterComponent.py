"""The historical import path of Kamaelia.Util.Filter."""

from Kamaelia.Util.Filter import FilterComponent

__all__ = ["FilterComponent"]
