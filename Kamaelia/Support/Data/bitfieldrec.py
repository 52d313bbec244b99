"""Records of bit fields, which pack() converts to a list of bytes.

Example usage
-------------
    class Header(bfrec):
        fields = field.mkList([("version", 2, None), ("sources", 6, list), ("size", 16, None)])

    Header(version=2, sources=[1], size=300).pack()          # [129, 1, 44]

How does it work?
-----------------
The fields follow one another without gaps, the most significant bit first. A field whose `extra` is
list holds any number of values of the same width.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

__all__ = ["bfrec", "field"]


class field(str):
    """The name of a field, with its width in bits and its kind.

    size: bits. extra: list for a field of several values, otherwise None.
    """

    size = 0
    extra: Any = None

    @staticmethod
    def mkList(fieldDefs: Iterable[tuple[str, int, Any]]) -> list[field]:
        """Return a field for each tuple (name, size, extra)."""
        result = []
        for name, size, extra in fieldDefs:
            made = field(name)
            made.size, made.extra = size, extra
            result.append(made)
        return result


class bfrec:
    """A record; a subclass or the argument `fields` defines the fields, other arguments set them.

    A field that is not given is 0, or an empty list. Raises TypeError for an argument that is not a
    field.
    """

    fields: list[field] = []
    csize: ClassVar[int] = 8  # bits in each number of the result

    def __init__(self, **args: Any) -> None:
        if "fields" in args:
            self.fields = field.mkList(args.pop("fields"))
        for each in self.fields:
            setattr(self, each, args.pop(each, [] if each.extra is list else 0))
        if args:
            raise TypeError(f"{type(self).__name__} has no field {', '.join(args)}")

    def structureSize(self) -> int:
        """Return the size of the record in bits."""
        return sum(each.size * len(self._valuesOf(each)) for each in self.fields)

    def pack(self) -> list[int]:
        """Return the record as numbers of `csize` bits.

        Raises ValueError if a value does not fit in its field, or if the size of the record is not
        a multiple of `csize` bits.
        """
        size = self.structureSize()
        if size % self.csize:
            raise ValueError(f"the record has {size} bits, which is not a multiple of {self.csize}")
        bits = 0
        for each in self.fields:
            for value in self._valuesOf(each):
                if not 0 <= value < 1 << each.size:
                    raise ValueError(f"{each}={value} does not fit in {each.size} bits")
                bits = bits << each.size | value
        mask = (1 << self.csize) - 1
        return [bits >> shift & mask for shift in range(size - self.csize, -1, -self.csize)]

    def _valuesOf(self, each: field) -> list[int]:
        value = getattr(self, each)
        return list(value) if each.extra is list else [value]
