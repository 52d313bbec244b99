"""References to Python objects, found in an index of names.

How does it work?

Sphinx resolves a type such as `int` in a signature by comparing it with the end of the name of each
documented object. With thousands of objects and references, that takes longer than all the rest of
a build. This domain looks in an index by the last part of the name, and finds the same objects.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sphinx.domains.python import PythonDomain

Found = list[tuple[str, Any]]


class IndexedPythonDomain(PythonDomain):
    """The Python domain of Sphinx, with an index for references that name an object in part."""

    _index: tuple[int, dict[str, list[str]]] = (0, {})

    def find_obj(
        self,
        env: Any,
        modname: str,
        classname: str,
        name: str,
        type: str | None,  # noqa: A002 - the name in the base class
        searchmode: int = 0,
    ) -> Found:
        """Return the objects with this name: those that the base class returns."""
        last = name.removesuffix("()").rpartition(".")[2]
        if searchmode != 1 or not last:
            return super().find_obj(env, modname, classname, name, type, searchmode)
        names = self._namesByLastPart().get(last)
        if names is None:  # the name of a type from elsewhere, in nearly all cases
            return []
        return self._findAmong(names, modname, classname, name.removesuffix("()"), type)

    def _findAmong(
        self, names: list[str], modname: str, classname: str, name: str, role: str | None
    ) -> Found:
        kinds = list(self.object_types) if role is None else self.objtypes_for_role(role) or []
        found = {each: self.objects[each] for each in names if self.objects[each].objtype in kinds}
        exact = [f"{modname}.{name}", name] if modname else [name]
        if modname and classname:
            exact.insert(0, f"{modname}.{classname}.{name}")
        for each in exact:
            if each in found:
                return [(each, found[each])]
        return [(each, entry) for each, entry in found.items() if each.endswith(f".{name}")]

    def _namesByLastPart(self) -> dict[str, list[str]]:
        number, index = self._index
        if number != len(self.objects):
            index = defaultdict(list)
            for each in self.objects:
                index[each.rpartition(".")[2]].append(each)
            index = dict(index)
            self._index = len(self.objects), index
        return index
