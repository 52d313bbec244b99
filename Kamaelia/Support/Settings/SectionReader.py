"""Converts tables of settings to sections by their rows, and notes each mistake with its line.

Example usage::

    >>> from dataclasses import make_dataclass
    >>> from Kamaelia.Support.Settings.SettingRow import setting
    >>> from Kamaelia.Support.Settings.Values import whole
    >>> Oven = make_dataclass("Oven", [("heat", int, setting(whole(0, 300), 180, ""))])
    >>> reading = SectionReader({"oven": Oven}, {"oven": {"heet": 200}}, {("oven", "heet"): 2})
    >>> print(reading.mistakes[0])
    line 2: unknown setting `heet` in [oven]: did you mean heat?

How does it work?

`values` has the sections. Each invalid setting keeps its default and adds a Mistake, with the
nearest known line: that of the item, the setting or the section.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

from Kamaelia.Support.Mistakes import Mistake
from Kamaelia.Support.Settings.SettingRow import SettingRow, rowsOf
from Kamaelia.Support.Settings.TomlLines import Place


class SectionReader:
    """SectionReader(sections, tables, places, source) -> `values` by section, and `mistakes`."""

    def __init__(
        self,
        sections: Mapping[str, type],
        tables: Mapping[str, Any],
        places: Mapping[Place, int],
        source: str = "",
    ) -> None:
        self._sections = sections
        self._places = places
        self._source = source
        self.mistakes: list[Mistake] = []
        for name, table in tables.items():
            if name not in sections:
                self._unknownSection(name, isinstance(table, dict))
        self.values = {name: self._section(name, tables.get(name, {})) for name in sections}

    def note(self, what: str, *place: str | int) -> None:
        """Add a mistake with the nearest known line."""
        while len(place) > 1 and place not in self._places:
            place = place[:-1]
        key: Place = place if len(place) > 1 else str(place[0])
        self.mistakes.append(Mistake(what, self._source, self._places.get(key, 0)))

    def _unknownSection(self, name: str, isTable: bool) -> None:
        if isTable:
            self.note(f"unknown section [{name}]: {_meant(name, list(self._sections))}", name)
            return
        homes = self._homesOf(name) or "its [section]"
        self.note(f"`{name}` is in no section: it belongs in {homes}", name)

    def _section(self, section: str, table: Any) -> Any:
        """Return a section with the valid values of `table` and defaults for the rest."""
        kind = self._sections[section]
        if not isinstance(table, dict):
            self.note(f"{section} is a section: write [{section}] and its settings below", section)
            return kind()
        rows = {row.name: row for row in rowsOf(kind)}
        values = {}
        for name, value in table.items():
            if name in rows:
                with self._mistakesAt(section, name):
                    values[name] = self._value(section, rows[name], value)
            else:
                self._unknownSetting(section, name, list(rows))
        return kind(**values)

    def _unknownSetting(self, section: str, name: str, names: list[str]) -> None:
        homes = self._homesOf(name)
        remedy = f"it belongs in {homes}" if homes else _meant(name, names)
        self.note(f"unknown setting `{name}` in [{section}]: {remedy}", section, name)

    def _value(self, section: str, row: SettingRow, value: Any) -> Any:
        """Return the converted value; each invalid item of a list is a mistake of its own."""
        if row.kind.item is None or not isinstance(value, list):
            return row.kind.read(value)
        items = []
        for number, item in enumerate(value):
            with self._mistakesAt(section, row.name, number):
                items.append(row.kind.item.read(item))
        return tuple(items)

    @contextmanager
    def _mistakesAt(self, section: str, name: str, *item: int) -> Iterator[None]:
        """Convert a ValueError within the block to a mistake at this place."""
        try:
            yield
        except ValueError as error:
            self.note(f"`{name}` in [{section}]: {error}", section, name, *item)

    def _homesOf(self, name: str) -> str:
        """Return the sections that have a setting with this name, for a message."""
        homes = [
            f"[{section}]"
            for section, kind in self._sections.items()
            if any(row.name == name for row in rowsOf(kind))
        ]
        return " or ".join(homes)


def _meant(name: str, names: list[str]) -> str:
    close = get_close_matches(name, names, 1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"
