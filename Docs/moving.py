"""The table in Docs/moving.rst: what has become of each module of Kamaelia 1.14.

    python Docs/moving.py       writes Docs/moving_table.inc

`historical_modules.txt` lists the modules of the distribution 1.14.32 and of its core, without
tests and private modules. A module that does not exist is *gone* or may come *later*: left_out.rst
says which. One that exists is *changed* if CHANGED names the page that describes its differences.
A test compares all of this with the code and the pages, so that it cannot become wrong.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
TABLE = HERE / "moving_table.inc"
LEFT_OUT = "library/left_out"

#: The modules whose differences a page describes.
CHANGED = {
    "differences": """
        Axon.Box Axon.Component Axon.Ipc Axon.Microprocess Axon.Postoffice Axon.Scheduler
        Axon.ThreadedComponent Axon.debug Kamaelia.Apps.Grey.ConcreteMailHandler
        Kamaelia.Apps.Grey.GreyListingPolicy Kamaelia.Apps.Grey.MailHandler
        Kamaelia.Chassis.ConnectedServer Kamaelia.Chassis.Seq
        Kamaelia.Internet.ConnectedSocketAdapter Kamaelia.Internet.Multicast_receiver
        Kamaelia.Internet.Multicast_sender Kamaelia.Internet.Multicast_transceiver
        Kamaelia.Internet.Selector Kamaelia.Internet.SingleServer Kamaelia.Internet.TCPClient
        Kamaelia.Internet.TCPServer Kamaelia.Internet.TimeOutCSA Kamaelia.Internet.UDP
        Kamaelia.Internet.UDP_ng Kamaelia.SingleServer Kamaelia.Util.Chargen
        Kamaelia.Util.ChunkNamer Kamaelia.Util.Comparator Kamaelia.Util.Console
        Kamaelia.Util.ConsoleEcho Kamaelia.Util.Fanout Kamaelia.Util.LineSplit
        Kamaelia.Util.NullSink Kamaelia.Util.NullSinkComponent Kamaelia.Util.RateChunker
        Kamaelia.Util.RateFilter Kamaelia.Util.Stringify Kamaelia.Util.Sync
        Kamaelia.Util.Tokenisation.Simple
    """,
    "library/contributed": """
        Kamaelia.Apps.CL.DictChooser Kamaelia.Apps.CL.JSON Kamaelia.Apps.Europython09.BB
        Kamaelia.Apps.Europython09.BB.UserStatePersistence Kamaelia.Apps.MPS.TPipe
        Kamaelia.Apps.SA.Chassis Kamaelia.Apps.SA.Time Kamaelia.Automata.Behaviours
    """,
    "library/files": """
        Kamaelia.File.BetterReading Kamaelia.File.MaxSpeedFileReader
        Kamaelia.File.ReadFileAdaptor Kamaelia.File.Reading Kamaelia.File.TriggeredFileReader
        Kamaelia.File.WholeFileWriter Kamaelia.File.Writing Kamaelia.ReadFileAdaptor
    """,
    "library/http": """
        Kamaelia.Apps.JMB.WSGI Kamaelia.Protocol.HTTP.HTTPParser
        Kamaelia.Protocol.HTTP.HTTPServer Kamaelia.Protocol.HTTP.Handlers.Minimal
        Kamaelia.Protocol.HTTP.Handlers.SessionExample
    """,
    "library/http_client": """
        Kamaelia.Protocol.HTTP.HTTPClient Kamaelia.Protocol.HTTP.IcecastClient
    """,
    "library/irc": """
        Kamaelia.Apps.IRCLogger Kamaelia.Apps.IRCLogger.Support Kamaelia.Protocol.IRC.IRCClient
        Kamaelia.Support.Protocol.IRC
    """,
    "library/media": """
        Kamaelia.Audio.Filtering Kamaelia.Audio.RawAudioMixer Kamaelia.Codec.RawYUVFramer
        Kamaelia.Codec.WAV Kamaelia.Codec.YUV4MPEG
    """,
    "library/messages": """
        Kamaelia.Protocol.MimeRequestComponent Kamaelia.Protocol.RTP.NullPayloadPreFramer
        Kamaelia.Protocol.RTP.NullPayloadRTP Kamaelia.Protocol.RTP.RTCPHeader
        Kamaelia.Protocol.RTP.RTP Kamaelia.Protocol.SDP Kamaelia.Support.Data.MimeDict
        Kamaelia.Support.Data.MimeObject Kamaelia.XML.SimpleXMLParser
    """,
    "library/processes": """
        Kamaelia.Experimental.PythonInterpreter Kamaelia.File.UnixProcess
        Kamaelia.File.UnixProcess2
    """,
    "library/protocols": """
        Kamaelia.KamaeliaIPC Kamaelia.Protocol.AudioCookieProtocol
        Kamaelia.Protocol.EchoProtocolComponent Kamaelia.Protocol.FortuneCookieProtocol
        Kamaelia.Protocol.Framing Kamaelia.Protocol.Packetise Kamaelia.Protocol.RecoverOrder
        Kamaelia.Protocol.SimpleReliableMulticast Kamaelia.Protocol.SimpleVideoCookieServer
        Kamaelia.SimpleServerComponent
    """,
}
PAGES = {module: page for page, modules in CHANGED.items() for module in modules.split()}


class Row(NamedTuple):
    """One module of 1.14: its name, its state, and the page that says more, if any."""

    module: str
    state: str
    page: str | None


def exists(module: str) -> bool:
    """Return whether this release has the module."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def modules() -> list[str]:
    """Return the names of the modules of 1.14."""
    return (HERE / "historical_modules.txt").read_text(encoding="utf-8").split()


def leftOut() -> dict[str, str]:
    """Return the state, gone or later, of each module that left_out.rst names."""
    found = {}
    page = (HERE / f"{LEFT_OUT}.rst").read_text(encoding="utf-8")
    for state, text in zip(("gone", "later"), page.split("\nLater\n-----\n"), strict=True):
        for row in re.split(r"^   \* - ", text, flags=re.MULTILINE)[1:]:
            names, _, _ = row.partition("\n     - ")
            found |= {f"Kamaelia.{name}": state for name in re.findall(r"``([\w.]+)``", names)}
    return found


def rows() -> list[Row]:
    """Return what has become of each module."""
    absent = leftOut()
    return [_rowOf(module, absent) for module in modules()]


def _rowOf(module: str, absent: dict[str, str]) -> Row:
    if exists(module):
        page = PAGES.get(module)
        return Row(module, "changed" if page else "there", page)
    named = [name for name in absent if f"{module}.".startswith(f"{name}.")]
    return Row(module, absent[max(named, key=len)] if named else "unexplained", LEFT_OUT)


def table() -> str:
    """Return the table, in reStructuredText."""
    lines = [".. Written by Docs/moving.py; a test compares it with the code.", ""]
    lines += [".. list-table::", "   :header-rows: 1", "   :widths: 60 15 25", ""]
    lines += ["   * - module of 1.14", "     - state", "     - see"]
    for row in rows():
        page = f":doc:`{row.page}`" if row.page else ""
        lines += [f"   * - ``{row.module}``", f"     - {row.state}", f"     - {page}".rstrip()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
