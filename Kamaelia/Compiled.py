"""The choice between the modules that mypyc has compiled, and their sources.

Example usage
-------------
    chooseModules(__path__[0])      # in __init__, before it imports the other modules

How does it work?
-----------------
`setup.py` compiles MODULES, as they are, into one library in this folder. It also makes an
extension for each of them beside its source, and Python imports the extension. The name of the
library contains a checksum of the sources, so there is no library of that name once one of them has
been changed. Then the sources are used. So are they if AXON_PURE is set, and if there was no
C compiler.

`setup.py` runs this module alone, so it imports only Python's library.
"""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from hashlib import blake2b
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from pathlib import Path
from pkgutil import get_importer

FOLDER = Path(__file__).parent

#: By package. Classes in Python cannot inherit from compiled ones.
MODULES = {
    "Support/Protocol/SMTP": (
        "Address",
        "Chunks",
        "CommandChecks",
        "CommandLog",
        "Deadlines",
        "InputParser",
        "Line",
        "Refusal",
        "Relay",
        "Reply",
        "Session",
        "TextScanner",
    ),
    "Support": ("Counts", "Domains", "PrintableText"),
    "Support/Greylist": ("Keys", "Names", "NetworkRate", "Rules"),
    "Internet": (
        "Acceptor",
        "AttachedHandler",
        "CloseTimeouts",
        "ConnectionEnds",
        "GracefulClose",
        "HandlerLinks",
        "ListeningSockets",
        "OutgoingData",
    ),
    "Apps/Grey/Backend": ("RelaySession",),
    "Apps/Grey/Policy": ("ClientNetworks", "CompiledSettings", "PolicyAnswers"),
    "Apps/Grey/Records": ("LogFiles", "MailLog", "MailNotes"),
    "Apps/Grey/Stores": ("PendingCounts", "SQLiteDecision"),
}
SOURCES = [
    FOLDER / package / f"{module}.py" for package, modules in MODULES.items() for module in modules
]


def groupName() -> str:
    """Return mypyc's name for the compiled modules; it depends on their sources."""
    checksum = blake2b(digest_size=8)
    for source in SOURCES:
        checksum.update(source.read_bytes())
    return f"compiled_{checksum.hexdigest()}"


@lru_cache(maxsize=1)  # each package with such modules asks
def isBuilt() -> bool:
    """Return whether the sources have been compiled as they are now."""
    if not any(FOLDER.glob("compiled_*")):
        return False  # without a look at the sources: in a browser, some are left out
    library = FOLDER / f"{groupName()}__mypyc"
    return any(library.with_name(library.name + suffix).exists() for suffix in EXTENSION_SUFFIXES)


def chooseModules(folder: str) -> None:
    """Import only sources from that folder from now on, unless the compiled modules are used."""
    isFolder = isinstance(get_importer(folder), FileFinder)  # and no zip archive
    if isFolder and (os.environ.get("AXON_PURE") or not isBuilt()):
        onlySources = FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES))
        sys.path_importer_cache[folder] = onlySources


if __name__ == "__main__":  # make asks on which sources the library depends
    sys.stdout.writelines(f"{source.relative_to(FOLDER.parent)}\n" for source in SOURCES)
