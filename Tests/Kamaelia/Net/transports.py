"""One link of each transport within this process, whose connections can be broken."""

import shutil
import socket
import ssl
import subprocess
from contextlib import ExitStack, contextmanager, suppress

from Kamaelia.Net.RemoteIn import RemoteIn
from Kamaelia.Net.RemoteOut import RemoteOut
from Kamaelia.Net.SocketTransport import LocalTransport
from Tests.Kamaelia.Net.proxy import Proxy
from Tests.Kamaelia.Net.redisServer import RedisServer
from Tests.ports import freePort

NAMES = ("tcp", "tls", "local", "unix", "redis", "rediss")


class Identity:
    """Identity(folder): a key, and a certificate of localhost that it has signed itself."""

    def __init__(self, folder):
        self.key, self.certificate = f"{folder}/key.pem", f"{folder}/cert.pem"
        command = (
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        )
        names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        subprocess.run(
            [*command.split(), *names, "-keyout", self.key, "-out", self.certificate],
            check=True,
            capture_output=True,
            timeout=30,
        )

    def contexts(self, trusted=None):
        """Return the contexts of the writer and of the reader, which both trust `trusted`."""
        made = []
        for kind in (ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER):
            context = ssl.SSLContext(kind)
            context.load_cert_chain(self.certificate, self.key)
            context.load_verify_locations((trusted or self).certificate)
            context.verify_mode = ssl.CERT_REQUIRED
            made.append(context)
        return made


class Link:
    """A link for a `with` statement: the addresses and the options of its two ends."""

    def __init__(self):
        self.writer = self.reader = None
        self.writerOptions, self.readerOptions = {}, {}
        self.stack = ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def out(self, **options):
        """Return a writer."""
        return RemoteOut(self.writer, "link", **{**self.writerOptions, **options})

    def into(self, **options):
        """Return a reader."""
        return RemoteIn(self.reader, "link", **{**self.readerOptions, **options})


class SocketLink(Link):
    """SocketLink(scheme, port): `tcp` or `tls`, through a proxy."""

    def __init__(self, scheme, port, identity):
        super().__init__()
        self.proxy = self.stack.enter_context(Proxy(port))
        self.writer, self.reader = (
            f"{scheme}://127.0.0.1:{each}" for each in (self.proxy.port, port)
        )
        if scheme == "tls":
            writer, reader = identity.contexts()
            self.writerOptions, self.readerOptions = {"tls": writer}, {"tls": (reader, writer)}

    def cut(self):
        """Break the connection."""
        self.proxy.cut()


class LocalLink(Link):
    """LocalLink(): a pair of sockets, and a new pair in its place when it is cut."""

    def __init__(self):
        super().__init__()
        self.writer, self.reader = LocalTransport(), LocalTransport()
        self._spare = None
        self._connect()
        self.stack.callback(self._end)

    def _connect(self):
        pair = socket.socketpair()
        self._spare = pair[0].dup()
        for transport, connection in zip((self.writer, self.reader), pair, strict=True):
            connection.setblocking(False)
            transport.attach(connection)

    def _end(self):
        with suppress(OSError):
            self._spare.shutdown(socket.SHUT_RDWR)
        self._spare.close()
        for transport in (self.writer, self.reader):
            transport.close()

    def cut(self):
        """Break the connection, and make a new one."""
        self._end()
        self._connect()


class RedisLink(Link):
    """RedisLink(scheme, ...): `unix`, `redis` or `rediss`, with a server of its own."""

    def __init__(self, scheme, program, port, identity):
        super().__init__()
        words = ["--requirepass", "secret"]
        if scheme == "redis":
            words += ["--port", str(port), "--bind", "127.0.0.1"]
        elif scheme == "rediss":
            words += ["--tls-port", str(port), "--bind", "127.0.0.1", "--tls-auth-clients", "yes"]
            words += ["--tls-cert-file", identity.certificate, "--tls-key-file", identity.key]
            words += ["--tls-ca-cert-file", identity.certificate]
        self.server = self.stack.enter_context(RedisServer(program, *words, password="secret"))
        self.writer = f"{scheme}://:secret@127.0.0.1:{port}/0"
        if scheme == "unix":
            self.writer = self.server.url.replace("unix://", "unix://:secret@")
        elif scheme == "rediss":
            self.writer += (
                f"?ssl_ca_certs={identity.certificate}&ssl_certfile={identity.certificate}"
            )
            self.writer += f"&ssl_keyfile={identity.key}"
        self.reader = self.writer

    def cut(self):
        """Break all connections to the server."""
        self.server.command("CLIENT", "KILL", "TYPE", "normal")


class Address(str):
    """A URL for the processes of Tests.Kamaelia.Net.parts, with the options that they need."""

    options = {}


class Place:
    """Place(address, server): where processes meet, and the Redis behind it, or None."""

    def __init__(self, address, server=None):
        self.address, self.server = address, server

    def several(self, count):
        """Return addresses of `count` links that begin anew: what has ended stays so."""
        if self.server is not None:
            self.server.command("FLUSHALL")
            made = [Address(f"{self.address}?db={number}") for number in range(count)]
        else:
            scheme = self.address.rpartition(":")[0]
            made = [Address(f"{scheme}:{freePort()}") for _ in range(count)]
        for address in made:
            address.options = self.address.options
        return made


@contextmanager
def addressOf(name, identity, port=None):
    """Give the place of a transport."""
    port = port or freePort()
    if name in ("tcp", "tls"):
        address = Address(f"{name}://127.0.0.1:{port}")
        if name == "tls":
            address.options = {"identity": [identity.certificate, identity.key]}
        yield Place(address)
        return
    with RedisLink(name, shutil.which("redis-server"), port, identity) as link:
        yield Place(Address(link.writer), link.server)


def linkOf(name, request):
    """Return the link of a transport, for the fixtures of a test."""
    fixture = request.getfixturevalue
    if name == "local":
        return LocalLink()
    port = fixture("freePorts")()
    if name in ("tcp", "tls"):
        return SocketLink(name, port, fixture("identity"))
    return RedisLink(name, fixture("needs")("redis-server"), port, fixture("identity"))
