"""The compiled core. The modules that it replaces have the types of its classes."""

INTERFACE: int
