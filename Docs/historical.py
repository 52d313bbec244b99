"""The table in Docs/differences.rst: which names of Kamaelia 1.14 this release has.

    python Docs/historical.py           writes Docs/historical_table.inc
    python Docs/historical.py --missing prints the names that are missing, one on each line

`historical_names.json` lists the public names of 1.14: modules, functions, classes, and the boxes
and constructor parameters of a class; the methods too, for Axon, the network and the mail proxy.
Each is looked up in the modules of this release. A name that a module takes from another module
counts. A test compares the table with the file, so it cannot become wrong.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
TABLE = HERE / "historical_table.inc"

#: Names that are left out on purpose, by the reason. The page says each reason in a sentence.
LEFT_OUT = {
    "Boxes are created by the component to which they belong": [
        "Axon.Box.postbox(storage)",
        "Axon.Box.postbox(notify)",
        "Axon.Box.realsink(notify)",
        "Axon.Box.realsink(size)",
    ],
    "The event loop provides TLS": ["Kamaelia.Internet.ConnectedSocketAdapter.SSLSocket"],
    "The event loop waits for sockets, reads and writes": [
        f"Kamaelia.Internet.{name}"
        for name in (
            *(
                "ConnectedSocketAdapter.ConnectedSocketAdapter." + method
                for method in (
                    "canDoSomething",
                    "checkSocketStatus",
                    "flushSendQueue",
                    "handleControl",
                    "handleReceive",
                )
            ),
            *("Selector.Selector." + method for method in ("addLinks", "removeLinks")),
            *(
                "TCPClient.TCPClient." + method
                for method in (
                    "runClient",
                    "safeConnect",
                    "setupCSA",
                    "shutdown",
                    "waitCSAClose",
                )
            ),
            *(
                "TCPServer.TCPServer." + method
                for method in (
                    "anyClosedSockets",
                    "closeSocket",
                    "createConnectedSocket",
                    "handleNewConnection",
                )
            ),
            "TimeOutCSA.PeriodicWakeup.shutdown",
            "UDP.BasicPeer.receive_packet",
            "UDP_ng.PostboxPeer.sendLoop",
            *(
                "UDP_ng.BasicPeer." + method
                for method in (
                    "safeBind",
                    "setupSelector",
                    "recvLoop",
                    "safeRecv",
                    "sendLoop",
                    "safeSend",
                )
            ),
        )
    ],
    "Tests are in the folder Tests": [
        "Kamaelia.Internet.Multicast_receiver.tests",
        "Kamaelia.Internet.Multicast_sender.tests",
        "Kamaelia.Internet.Multicast_transceiver.tests",
        "Kamaelia.Util.Chargen.tests",
    ],
}
OMITTED = {name for names in LEFT_OUT.values() for name in names}


class Row(NamedTuple):
    """One module: the names that it has, those that are missing, those that are left out."""

    module: str
    there: list[str]
    missing: list[str]
    leftOut: list[str]

    @property
    def exists(self) -> bool:
        return bool(self.there)


def find(module: str) -> Any:
    """Return the module, or None if this release does not have it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name and (module == error.name or module.startswith(error.name + ".")):
            return None
        raise


def membersOf(found: Any, facts: dict[str, list[str]]) -> Iterator[tuple[str, bool]]:
    """Yield each part of a class as a suffix to its name, and whether the class has it."""
    if not inspect.isclass(found):  # made by a call or taken from a library
        return
    try:
        parameters = set(inspect.signature(found).parameters)
    except (TypeError, ValueError):
        parameters = set()
    for name in facts.get("parameters", ()):
        isSetting = hasattr(found, "Inboxes") and hasattr(found, name)
        yield f"({name})", name in parameters or isSetting
    for name in facts.get("methods", ()):
        yield f".{name}", hasattr(found, name)
    for key, boxes in (("inboxes", "Inboxes"), ("outboxes", "Outboxes")):
        for name in facts.get(key, ()):
            yield f"[{name}]", name in getattr(found, boxes, ())


def rowOf(module: str, names: dict[str, Any]) -> Row:
    """Compare one historical module with this release."""
    found = find(module)
    row = Row(module, [], [], [])
    for name in (*names["classes"], *names["functions"]):
        thing = getattr(found, name, None)
        parts = [(name, thing is not None)]
        if thing is not None:
            parts += [
                (f"{name}{suffix}", isThere)
                for suffix, isThere in membersOf(thing, names["classes"].get(name, {}))
            ]
        for part, isThere in parts:
            if f"{module}.{part}" in OMITTED and not isThere:
                row.leftOut.append(part)
            elif not isThere:
                row.missing.append(part)
        if thing is not None:
            row.there.append(name)
    return row


def rows() -> list[Row]:
    """Compare all historical modules with this release."""
    names = json.loads((HERE / "historical_names.json").read_text(encoding="utf-8"))
    return [rowOf(module, facts) for module, facts in names.items()]


def packageOf(module: str) -> str:
    parts = module.split(".")
    return parts[0] if parts[0] == "Axon" else ".".join(parts[: min(2, len(parts) - 1) or 1])


def literals(names: list[str]) -> str:
    return ", ".join(f"``{name}``" for name in names)


def table() -> str:
    """Return the table, in reStructuredText."""
    lines = [".. Written by Docs/historical.py; a test compares it with the code.", ""]
    byPackage = sorted(rows(), key=lambda row: packageOf(row.module))
    for package, members in groupby(byPackage, key=lambda row: packageOf(row.module)):
        group = list(members)
        present = [row for row in group if row.exists]
        lines += [package, "~" * len(package), ""]
        if present:
            lines += [".. list-table::", "   :header-rows: 1", ""]
            lines += ["   * - Module", "     - There", "     - Not there"]
        for row in present:
            gone = [literals(row.missing)] if row.missing else []
            gone += [f"left out: {literals(row.leftOut)}"] if row.leftOut else []
            lines += [f"   * - ``{row.module}``", f"     - {literals(row.there)}"]
            lines += [f"     - {'; '.join(gone)}".rstrip()]
        lines += [""] if present else []
        absent = [row.module for row in group if not row.exists]
        if absent:
            lines += [f"Not there: {literals(absent)}.", ""]
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    if "--missing" in sys.argv:
        for row in rows():
            for name in row.missing:
                print(f"{row.module}.{name}")
    else:
        TABLE.write_text(table(), encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    main()
