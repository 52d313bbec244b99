"""A setting is a row: a field of a dataclass, with its kind, its default and its meaning.

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
    """A setting: its name, how it is read and written, its default, and what it means."""

    name: str
    kind: Kind
    default: Any
    meaning: str


def setting(kind: Kind, default: Any, meaning: str) -> Any:
    """A field of a section; `default` as it would be written."""
    return field(default=kind.read(default), metadata={"kind": kind, "meaning": meaning})


def rowsOf(section: type) -> list[SettingRow]:
    """The settings of a section."""
    return [
        SettingRow(each.name, each.metadata["kind"], each.default, each.metadata["meaning"])
        for each in fields(section)
    ]
