"""Names that nothing else in the program has: numbers, counted up over all objects.

Example usage
    >>> number, name = tupleId(component)
    >>> name
    'Kamaelia.Util.Console.ConsoleEchoer_7'

How does it work?
    One counter serves them all, so that a number alone says which object is
    meant, and tells which of two is older. Any thread may ask at any time.
"""

from itertools import count

__all__ = ["idGen", "newId", "numId", "strId", "tupleId"]

_takeNumber = count(1).__next__  # in one step of the interpreter: no two threads get the same


class idGen:
    """idGen() -> gives out numbers and names; all of them count with the same counter."""

    def nextId(self) -> int:
        """The next number that nobody has yet."""
        return _takeNumber()

    next = nextId
    __next__ = nextId

    def idToString(self, thing: object, aNumId: int) -> str:
        """ "module.Class_N" for a thing and its number; "Class_N" where Python has the class."""
        cls = type(thing)
        if cls.__module__ == "builtins":
            return f"{cls.__qualname__}_{aNumId}"
        return f"{cls.__module__}.{cls.__qualname__}_{aNumId}"

    def numId(self) -> int:
        """A new number."""
        return self.nextId()

    def strId(self, thing: object) -> str:
        """A new name for `thing`, "module.Class_N"."""
        return self.idToString(thing, self.nextId())

    def tupleId(self, thing: object) -> tuple[int, str]:
        """A new number, and the name for `thing` that contains it."""
        number = self.nextId()
        return number, self.idToString(thing, number)


_ids = idGen()
newId = strId = _ids.strId
numId = _takeNumber  # not through the object: every microprocess asks
tupleId = _ids.tupleId
