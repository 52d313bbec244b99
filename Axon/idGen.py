"""Unique numbers and names for objects.

Example usage
    >>> number, name = tupleId(component)
    >>> name
    'Kamaelia.Util.Console.ConsoleEchoer_7'

How does it work?
    All numbers come from one counter, so that a number alone identifies an object, and
    the older of two objects has the lower number. Any thread may call the functions.
"""

from itertools import count

__all__ = ["defaultName", "idGen", "newId", "numId", "strId", "tupleId"]

_takeNumber = count(
    1
).__next__  # one step of the interpreter, so that threads get different numbers


class idGen:
    """idGen() -> a source of numbers and names; all instances share one counter."""

    def nextId(self) -> int:
        """Return the next unused number."""
        return _takeNumber()

    next = nextId
    __next__ = nextId

    def idToString(self, thing: object, aNumId: int) -> str:
        """Return "module.Class_N" for an object and its number; "Class_N" for a built-in class."""
        cls = type(thing)
        if cls.__module__ == "builtins":
            return f"{cls.__qualname__}_{aNumId}"
        return f"{cls.__module__}.{cls.__qualname__}_{aNumId}"

    def numId(self) -> int:
        """Return a new number."""
        return self.nextId()

    def strId(self, thing: object) -> str:
        """Return a new name for `thing`, "module.Class_N"."""
        return self.idToString(thing, self.nextId())

    def tupleId(self, thing: object) -> tuple[int, str]:
        """Return a new number, and the name for `thing` that contains it."""
        number = self.nextId()
        return number, self.idToString(thing, number)


_ids = idGen()
newId = strId = _ids.strId
numId = _takeNumber  # not through the object, since each new microprocess calls it
tupleId = _ids.tupleId


def defaultName(kind: type, number: int) -> str:
    """Return the name of a microprocess of this class, with this number."""
    return f"{kind.__module__}.{kind.__name__}_{number}"
