"""Reads the files of the application: both kinds of configuration, and the package's data.

Example usage
-------------
    lines = openConfig("greylist.conf")                  # the historical format
    config = parseConfigFile(lines, DEFAULT_CONFIG)      # a dict
    configuration = fromHistorical(config)               # the present form

    configuration = readConfiguration(text, "/etc/kamaelia-grey.toml")   # either format

How does it work?
-----------------
This module only reads files; Kamaelia.Support.Settings interprets them. A historical file
differs from TOML in that its settings are in no [section].
"""

from __future__ import annotations

from importlib.resources import files

from Kamaelia.Support.Settings.Configuration import Configuration, parse
from Kamaelia.Support.Settings.HistoricalFile import (
    DEFAULT_CONFIG,
    fromHistorical,
    importText,
    isHistorical,
    parseConfigFile,
    parseHistorical,
)

__all__ = [
    "CONFIG_FILES",
    "DEFAULT_CONFIG",
    "SlurpFile",
    "fromHistorical",
    "importText",
    "openConfig",
    "packaged",
    "parseConfigFile",
    "readConfiguration",
]

# The places of the historical configuration, in order of precedence.
CONFIG_FILES = tuple(
    f"{folder}greylist.conf{dist}"
    for dist in ("", ".dist")
    for folder in ("/usr/local/etc/Kamaelia/", "/usr/local/etc/", "/etc/Kamaelia/", "/etc/", "")
)


def SlurpFile(filename: str) -> list[str]:  # noqa: N802 - its historical name
    """Return the lines of a file with their newlines; escape invalid UTF-8. Raise OSError."""
    with open(filename, encoding="utf-8", errors="backslashreplace") as file:
        return file.readlines()


openConfig = SlurpFile


def readConfiguration(text: str, source: str = "") -> Configuration:
    """Return the configuration in a text of either format. Raise MistakesFound."""
    bare = text.removeprefix("\ufeff")  # some editors add a byte order mark
    if isHistorical(bare):
        return parseHistorical(bare.split("\n"), source)
    return parse(bare, source)


def packaged(name: str) -> str:
    """Return the text of a data file of the package: senders.txt or kamaelia-grey.toml."""
    return (files("Kamaelia.Apps.Grey") / "data" / name).read_text(encoding="utf-8")
