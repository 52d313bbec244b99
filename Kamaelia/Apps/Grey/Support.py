"""The files of the application: either kind of configuration, and what comes with the package.

Example usage
-------------
    lines = openConfig("greylist.conf")                  # as it always was
    config = parseConfigFile(lines, DEFAULT_CONFIG)      # a dict
    configuration = fromHistorical(config)               # as Kamaelia Grey has it today

    configuration = readConfiguration(text, "/etc/kamaelia-grey.toml")   # either kind of file

How does it work?
-----------------
What a configuration means is said in Kamaelia.Support.Greylist; here files are
read. A historical file is told from TOML by its settings, which stand below no
[section].
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

# Where the historical program looked for its configuration, in this order.
CONFIG_FILES = tuple(
    f"{folder}greylist.conf{dist}"
    for dist in ("", ".dist")
    for folder in ("/usr/local/etc/Kamaelia/", "/usr/local/etc/", "/etc/Kamaelia/", "/etc/", "")
)


def SlurpFile(filename: str) -> list[str]:  # noqa: N802 - its historical name
    """The lines of a file, each with its newline; what is no UTF-8 is escaped. Raises OSError."""
    with open(filename, encoding="utf-8", errors="backslashreplace") as file:
        return file.readlines()


openConfig = SlurpFile


def readConfiguration(text: str, source: str = "") -> Configuration:
    """The configuration in a file of either kind. Raises MistakesFound."""
    bare = text.removeprefix("\ufeff")  # some editors put a byte order mark there
    if isHistorical(bare):
        return parseHistorical(bare.split("\n"), source)
    return parse(bare, source)


def packaged(name: str) -> str:
    """The text of a file that comes with the package: senders.txt or kamaelia-grey.toml."""
    return (files("Kamaelia.Apps.Grey") / "data" / name).read_text(encoding="utf-8")
