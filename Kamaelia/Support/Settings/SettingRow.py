"""The row of a setting: a field of a dataclass with its kind, default and meaning.

Example usage::

    >>> from dataclasses import dataclass
    >>> from Kamaelia.Support.Settings.Values import whole
    >>> @dataclass(frozen=True)
    ... class Oven:
    ...     heat: int = setting(whole(0, 300), 180, "How hot it becomes.")
    >>> Oven().heat, rowsOf(Oven)[0].meaning
    (180, 'How hot it becomes.')
"""

from __future__ import annotations

from dataclasses import field, fields
from typing import Any, NamedTuple

from Kamaelia.Support.Settings.Values import Kind


class SettingRow(NamedTuple):
    """A setting: its name, kind, default and meaning."""

    name: str
    kind: Kind
    default: Any
    meaning: str


def setting(kind: Kind, default: Any, meaning: str) -> Any:
    """Return a field of a section; `default` is written as in TOML."""
    return field(default=kind.read(default), metadata={"kind": kind, "meaning": meaning})


def rowsOf(section: type) -> list[SettingRow]:
    """Return the settings of a section."""
    return [
        SettingRow(each.name, each.metadata["kind"], each.default, each.metadata["meaning"])
        for each in fields(section)
    ]
