"""The addresses of links: what each means, and what is wrong with the others."""

import ssl

import pytest

from Kamaelia.Net.Addresses import transportFor
from Kamaelia.Net.RedisTransport import RedisTransport
from Kamaelia.Net.SameMachine import isLoopback
from Kamaelia.Net.SocketTransport import LocalTransport, SocketTransport
from Kamaelia.Support.Links.Errors import linkError


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("redis://127.0.0.1/0", RedisTransport),
        ("rediss://127.0.0.1/0", RedisTransport),
        ("unix:/run/redis.sock", RedisTransport),
        ("tcp://127.0.0.1:4000", SocketTransport),
        ("tcp://[::1]:4000", SocketTransport),
        ("tcp://localhost:4000", SocketTransport),
    ],
)
def test_the_scheme_decides_the_transport(address, kind):
    assert isinstance(transportFor(address, False, None, None), kind)


def test_a_transport_is_its_own_address():
    transport = LocalTransport()
    assert transportFor(transport, True, None, None) is transport


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://127.0.0.1", "an address begins with redis://"),
        ("", "an address begins with"),
        ("tcp://127.0.0.1", "has no host or no port"),
        ("tcp://:4000", "has no host or no port"),
        ("tcp://127.0.0.1:99999", "is no address"),
        ("local:x", "has no number of a socket"),
        ("local:1000000", "is no socket of this process"),
        (f"local:{2**32 - 1}", "is no socket of this process"),
        (f"local:{2**70}", "is no socket of this process"),
        ("tcp://b.example.org:4000", "leaves this machine"),
        ("tls://b.example.org:4000", "needs tls="),
    ],
)
def test_an_address_that_cannot_be_used_is_an_error_that_says_why(address, reason):
    with pytest.raises(linkError, match=reason):
        transportFor(address, False, None, None)


def test_a_link_that_leaves_the_machine_needs_a_key():
    assert transportFor("tcp://b.example.org:4000", False, "key", None).key == "key"


@pytest.mark.parametrize(
    ("address", "settings", "reason"),
    [
        ("tcp://127.0.0.1:4000", {"tls": object()}, "tls= is for links tls://, not for tcp:"),
        ("redis://127.0.0.1/0", {"tls": object()}, "tls= is for links tls://, not for redis:"),
        ("rediss://127.0.0.1/0", {"key": "k"}, "key= is for links tcp:// and tls://, not for"),
        ("local:5", {"key": "k"}, "key= is for links tcp:// and tls://, not for local:"),
    ],
)
def test_a_setting_that_would_protect_nothing_is_an_error(address, settings, reason):
    with pytest.raises(linkError, match=reason):
        transportFor(address, True, **{"key": None, "tls": None, **settings})


@pytest.mark.parametrize("key", [None, "key"])
def test_a_reader_with_tls_must_know_the_writer(key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if key is None:
        with pytest.raises(linkError, match="must know the writer"):
            transportFor("tls://127.0.0.1:4000", True, key, context)
    else:
        transportFor("tls://127.0.0.1:4000", True, key, context)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        *[(host, True) for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost")],
        *[(host, False) for host in ("0.0.0.0", "::", "10.0.0.1", "localhost.example")],
    ],
)
def test_a_host_is_this_machine_or_not(host, expected):
    assert isLoopback(host) is expected


def test_a_password_is_not_shown():
    shown = transportFor("redis://user:secret@127.0.0.1/0", True, None, None).server.shown
    assert "secret" not in shown
