"""An echo server that speaks TLS.

    python Examples/TLSEcho/server.py --port 1501 --certificate here.pem
    openssl s_client -quiet -connect localhost:1501 -CAfile here.pem

The protocol is that of any other server; that the connection is encrypted is the
server's affair: `ssl=` takes an SSLContext of the standard library. `--certificate`
names a PEM file with a key and its certificate. If there is none, one for
localhost is made with openssl, which clients trust that are given it.
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
    """Sends back what it gets; `messages()` ends when the client has sent its last."""

    async def main(self):
        async for data in self.messages():
            self.send(data)


def makeCertificate(path):
    """Writes a new key and a certificate for localhost, signed with that key, to `path`."""
    kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-batch"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    with tempfile.TemporaryDirectory() as folder:
        key, certificate = Path(folder, "key.pem"), Path(folder, "certificate.pem")
        command = ["openssl", "req", *kind, *name, "-keyout", key, "-out", certificate]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))  # a key is for its owner's eyes
        path.write_text(key.read_text() + certificate.read_text())


def contextOf(path):
    """The SSLContext of a server that has this key and certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context


def say(server):
    print(f"TLS echo server: listening on {server.host}, port {server.port}", flush=True)


def main():
    options = argparse.ArgumentParser(description="Sends back what it gets, encrypted.")
    options.add_argument("--host", default="127.0.0.1", help="where to listen (%(default)s)")
    options.add_argument("--port", type=int, default=1501, help="0: any free one (%(default)s)")
    options.add_argument("--certificate", type=Path, help="a PEM file; it is made if need be")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.certificate or Path(folder, "localhost.pem")
        if not path.exists():
            makeCertificate(path)
        settings = {"host": chosen.host, "port": chosen.port, "ssl": contextOf(path)}
        ServerCore(protocol=Echo, onListening=say, **settings).run()


if __name__ == "__main__":
    main()
