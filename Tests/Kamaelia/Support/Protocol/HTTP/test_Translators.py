"""Requests in the form of WSGI, and the division of their paths."""

import pytest

from Kamaelia.Support.Protocol.HTTP import (
    PopKamaeliaURI,
    PopURI,
    PopWsgiURI,
    ReqTranslatorFactory,
    WSGILikeTranslator,
    checkSlashes,
)
from Kamaelia.Support.Protocol.HTTP.RequestDict import requestDict
from Kamaelia.Support.Protocol.HTTP.RequestReader import RequestReader


def environOf(line, *fields, host="www.example.org:8080", **facts):
    reader = RequestReader()
    lines = [f"{line} HTTP/1.1", f"Host: {host}", *fields, "", ""]
    reader.receive("\r\n".join(lines).encode())
    request = requestDict(reader.next(), **facts)
    return WSGILikeTranslator(request | {"uri-prefix-trigger": "/", "uri-suffix": "a/b"})


def test_the_environ_of_a_request():
    facts = {"peer": "192.0.2.1", "peerport": 4711, "uri-protocol": "https"}
    environ = environOf("POST /a/b?c=%20d", "Content-Length: 3", "Content-Type: x/y", "X-A: 1",
                        "X-A: 2", "X_B: 3", "Proxy: evil", **facts)  # fmt: skip
    expected = {
        "REQUEST_METHOD": "POST",
        "REQUEST_URI": "/a/b?c=%20d",
        "QUERY_STRING": "c=%20d",
        "PATH_INFO": "/a/b",
        "SCRIPT_NAME": "",
        "CONTENT_LENGTH": "3",
        "CONTENT_TYPE": "x/y",
        "SERVER_NAME": "www.example.org",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.1",
        "REMOTE_PORT": "4711",
        "HTTP_X_A": "1, 2",
        "HTTP_HOST": "www.example.org:8080",
        "wsgi.url_scheme": "https",
    }
    assert {name: environ[name] for name in expected} == expected
    assert {"HTTP_X_B", "HTTP_PROXY", "HTTP_CONTENT_LENGTH"}.isdisjoint(environ)


@pytest.mark.parametrize(
    ("host", "scheme", "server"),
    [
        ("h", "http", ("h", "80")),
        ("h", "https", ("h", "443")),
        ("[::1]:81", "http", ("[::1]", "81")),
        ("[::1]", "http", ("[::1]", "80")),
        ("", "http", ("192.0.2.2", "80")),
    ],
)
def test_the_name_and_the_port_of_the_server(host, scheme, server):
    environ = environOf("GET /", host=host, localip="192.0.2.2", **{"uri-protocol": scheme})
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == server


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("", "", "/a/b/c"), ("/a", "/b/c")),
        (("/a", "/b/c", "/a/b/c"), ("/a/b", "/c")),
        (("/a/b", "/c", "/a/b/c"), ("/a/b/c", "")),
        (("/a", "", "/a"), ("/a", "")),
        (("", "", "/"), ("/", "")),
    ],
)
def test_a_part_of_the_path_moves(before, after):
    for pop, keys in (
        (PopWsgiURI, ("SCRIPT_NAME", "PATH_INFO", "NON_QUERY_URI")),
        (PopKamaeliaURI, ("uri-prefix-trigger", "uri-suffix", "non-query-uri")),
        (lambda request: PopURI(request, "x", "y", "z"), ("x", "y", "z")),
    ):
        request = dict(zip(keys, before, strict=True))
        pop(request)
        assert tuple(request[key] for key in keys[:2]) == after


def test_slashes_are_checked():
    assert checkSlashes("a/b/") == "/a/b"
    assert checkSlashes("/a") == "/a"
    assert checkSlashes(":a:", ":") == ":a"


def test_a_factory_gets_the_translated_request():
    make = ReqTranslatorFactory(lambda environ: ("handler", environ), lambda request: request + 1)
    assert make(1) == ("handler", 2)
