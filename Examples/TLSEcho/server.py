"""An echo server with TLS.

    python Examples/TLSEcho/server.py --port 1501 --certificate here.pem
    openssl s_client -quiet -connect localhost:1501 -CAfile here.pem

The protocol is the same as without TLS. The setting `ssl` of the server takes an SSLContext of
the standard library. `--certificate` names a PEM file with a key and its certificate. If the file
does not exist, openssl creates a certificate for localhost, which clients can verify with that
file.
"""

import argparse
import os
import ssl
import subprocess
import tempfile
from pathlib import Path

from Axon.Component import component
from Kamaelia.Chassis.ConnectedServer import ServerCore


class Echo(component):
    """A protocol that sends received data back; `messages()` ends after the client's last data."""

    async def main(self) -> None:
        async for data in self.messages():
            self.send(data)


def makeCertificate(path: Path) -> None:
    """Write a new key and a self-signed certificate for localhost to `path`."""
    kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-batch"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = Path(folder, "key.pem"), Path(folder, "certificate.pem")
        command = ["openssl", "req", *kind, *name]
        command += ["-keyout", str(key), "-out", str(certificate)]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))  # only the owner may read a key
        path.write_text(key.read_text() + certificate.read_text())


def contextOf(path: Path) -> ssl.SSLContext:
    """Return the SSLContext of a server with this key and certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    options.add_argument(
        "--port", type=int, default=1501, help="port, 0: any free port (%(default)s)"
    )
    options.add_argument("--certificate", type=Path, help="a PEM file; created if it is missing")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.certificate or Path(folder, "localhost.pem")
        if not path.exists():
            makeCertificate(path)
        ServerCore(
            protocol=Echo,
            host=chosen.host,
            port=chosen.port,
            ssl=contextOf(path),
        ).run()


if __name__ == "__main__":
    main()
