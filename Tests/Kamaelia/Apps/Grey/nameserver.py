"""A real DNS server, nsd, with the zones of a test."""

import os
import socket
import time
from pathlib import Path

from Tests.Kamaelia.Apps.Grey.programs import PATIENCE, Program

SETTINGS = """
server:
  ip-address: 127.0.0.1@{port}
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/pid"
  xfrdfile: "{folder}/xfrd"
  xfrdir: "{folder}"
  zonelistfile: "{folder}/zones"
  server-count: 1
remote-control:
  control-enable: no
"""
ZONE = 'zone:\n  name: "{name}"\n  zonefile: "{name}zone"\n'
HEAD = "$ORIGIN {name}\n$TTL 300\n@ SOA ns.{name} me.{name} 1 60 60 60 60\n@ NS ns.{name}\n"


class NameServer:
    """NameServer(program, folder, port, zones) -> a server with the records of zones, by name."""

    def __init__(self, program: str, folder: Path, port: int, zones: dict[str, str]) -> None:
        self.address = f"127.0.0.1:{port}"
        settings = SETTINGS.format(port=port, folder=folder)
        for name, records in zones.items():
            settings += ZONE.format(name=name)
            (folder / f"{name}zone").write_text(HEAD.format(name=name) + records)
        (folder / "nsd.conf").write_text(settings)
        os.chmod(folder, 0o755)
        self.program = Program(program, "-d", "-c", folder / "nsd.conf")
        self._waitForAnswer(port)

    def _waitForAnswer(self, port: int) -> None:
        """Wait until it answers over UDP, whatever its answer is."""
        until = time.monotonic() + PATIENCE
        query = b"\0\1\0\0\0\1\0\0\0\0\0\0\0\0\1\0\1"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.settimeout(0.1)  # no event tells when another process can answer
            asker.connect(("127.0.0.1", port))
            while time.monotonic() < until and self.program.poll() is None:
                try:
                    asker.send(query)
                    asker.recv(512)
                    return
                except OSError:
                    continue
        self.program.terminate()
        raise AssertionError(self.program.communicate(timeout=PATIENCE)[0])

    def end(self) -> None:
        self.program.terminate()
        self.program.communicate(timeout=PATIENCE)
