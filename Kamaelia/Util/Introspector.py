"""The name among the components of Axon.Introspector."""

from Axon.Introspector import Introspector

__all__ = ["Introspector"]
