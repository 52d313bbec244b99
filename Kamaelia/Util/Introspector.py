"""The historical import path of Axon.Introspector."""

from Axon.Introspector import Introspector

__all__ = ["Introspector"]
