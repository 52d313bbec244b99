"""The commented example file, the reference, and a configuration written as TOML.

Example usage::

    >>> print(toml(Configuration(forward=ForwardSection(allowed_domains=("example.org",)))), end="")
    [forward]
    allowed_domains = ["example.org"]

How does it work?

All three are generated from the rows in Sections, so they always agree with the
program. The example has every setting with its default. A user only has to replace
its domain.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from Kamaelia.Support.Settings.Configuration import Configuration, sectionsOf
from Kamaelia.Support.Settings.Sections import ForwardSection
from Kamaelia.Support.Settings.SettingRow import SettingRow, rowsOf
from Kamaelia.Support.Settings.Values import DURATION, FILE, FLAG, PATH, SIZE, TEXT

WIDTH = 80
PLAIN = {kind.meaning for kind in (DURATION, FILE, FLAG, PATH, SIZE, TEXT)}
HEAD = """\
The configuration of Kamaelia Grey, in TOML: every setting, with its default.
A setting that is left out has its default; only allowed_domains is required.
Times are numbers of seconds or text such as "30s", "5m", "1h" or "2d". Sizes are
numbers of octets or text such as "64KiB" or "32MiB". `kamaelia-grey check`
reports each mistake in a file with its line."""


def example() -> str:
    """Return the example file: each setting with a comment, and an example domain."""
    configuration = Configuration(forward=ForwardSection(allowed_domains=("example.org",)))
    parts = [_comment(HEAD)]
    for section, kind in sectionsOf().items():
        parts.append(f"\n{_comment(_about(kind))}[{section}]\n")
        for row in rowsOf(kind):
            value = getattr(getattr(configuration, section), row.name)
            parts.append(f"\n{_comment(_meaningOf(row))}{_line(row, value)}")
    return "".join(parts)


def reference() -> str:
    """Return the reference in reStructuredText: a definition list for each section."""
    parts = []
    for section, kind in sectionsOf().items():
        heading = f"[{section}]"
        parts.append(f"{heading}\n{'-' * len(heading)}\n\n{_about(kind)}\n")
        for row in rowsOf(kind):
            default = row.kind.write(row.default)
            meaning, kinds = (_plain(text) for text in (row.meaning, row.kind.meaning))
            about = f"{meaning} Default: ``{default}``. Value: {kinds}."
            parts.append(f"``{row.name}``\n{textwrap.indent(_wrapped(about), '    ')}\n")
    return "\n".join(parts)


def toml(configuration: Configuration) -> str:
    """Return TOML that parse() reads as this configuration, without default values."""
    return "\n".join(_sections(configuration))


def _sections(configuration: Configuration) -> Iterator[str]:
    for section, kind in sectionsOf().items():
        values = getattr(configuration, section)
        lines = [
            _line(row, getattr(values, row.name))
            for row in rowsOf(kind)
            if getattr(values, row.name) != row.default or row.name == "allowed_domains"
        ]
        if lines:
            yield f"[{section}]\n{''.join(lines)}"


def _line(row: SettingRow, value: object) -> str:
    """Return the line of a setting; a long list has a line for each item."""
    line = f"{row.name} = {row.kind.write(value)}\n"
    if len(line) <= WIDTH or row.kind.item is None or not isinstance(value, tuple):
        return line
    items = "".join(f"    {row.kind.item.write(item)},\n" for item in value)
    return f"{row.name} = [\n{items}]\n"


def _meaningOf(row: SettingRow) -> str:
    """Return the meaning of a setting, with its values unless the default shows them."""
    kind = row.kind.item or row.kind
    return f"{row.meaning} ({kind.meaning})" if kind.meaning not in PLAIN else row.meaning


def _about(kind: type) -> str:
    return " ".join((kind.__doc__ or "").split())


def _plain(text: str) -> str:
    """Return text for reStructuredText, with each star escaped."""
    return text.replace("*", "\\*")


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, WIDTH - 4, break_long_words=False, break_on_hyphens=False))


def _comment(text: str) -> str:
    return textwrap.indent(_wrapped(text), "# ") + "\n"
