"""The dict that describes a request."""

import pytest

from Kamaelia.Support.Protocol.HTTP.RequestDict import badRequestDict, requestDict
from Kamaelia.Support.Protocol.HTTP.RequestReader import BadRequest, RequestReader


def read(*lines, **facts):
    reader = RequestReader()
    reader.receive("\r\n".join([*lines, "", ""]).encode("latin-1"))
    return requestDict(reader.next(), **facts)


@pytest.mark.parametrize(
    ("target", "entries"),
    [
        ("/a/b?c=d?e", {"raw-uri": "/a/b?c=d?e", "non-query-uri": "/a/b", "query": "c=d?e"}),
        ("//host/a", {"raw-uri": "//host/a", "non-query-uri": "//host/a", "uri-server": "h"}),
        ("/x?u=http://y/", {"non-query-uri": "/x", "query": "u=http://y/", "uri-server": "h"}),
        ("http://me:pw@i:81/a?b", {"raw-uri": "/a?b", "uri-server": "i", "uri-port": "81",
                                   "uri-username": "me", "uri-password": "pw"}),
        ("http://i", {"raw-uri": "/", "uri-server": "i"}),
        ("*", {"raw-uri": "*"}),
        ("/%41", {"raw-uri": "/%41", "non-query-uri": "/%41"}),
    ],
)  # fmt: skip
def test_a_target_is_divided(target, entries):
    request = read(f"GET {target} HTTP/1.1", "Host: h")
    assert {name: request[name] for name in entries} == entries
    assert request["bad"] is False


def test_repeated_fields_are_joined():
    request = read("GET / HTTP/1.1", "Host: h", "Accept: a", "ACCEPT: b", "Cookie: x=1",
                   "Cookie: y=2", "X: \xe9")  # fmt: skip
    headers = request["headers"]
    assert (headers["accept"], headers["cookie"], headers["x"]) == ("a, b", "x=1; y=2", "é")
    assert ("accept", "b") in request["header-fields"]


def test_facts_are_entries():
    request = read("GET / HTTP/1.1", "Host: h", peer="192.0.2.1", **{"uri-protocol": "https"})
    assert (request["peer"], request["uri-protocol"]) == ("192.0.2.1", "https")


@pytest.mark.parametrize(
    ("version", "fields", "connection"),
    [
        ("1.1", [], "keep-alive"),
        ("1.0", [], "close"),
        ("1.0", ["Connection: keep-alive"], "keep-alive"),
        ("1.1", ["Connection: Upgrade"], "Upgrade"),
        ("1.1", ["Connection: x, close"], "close"),
    ],
)
def test_connection_says_whether_it_is_kept(version, fields, connection):
    request = read(f"GET / HTTP/{version}", "Host: h", *fields)
    assert request["headers"]["connection"] == connection


def test_a_bad_request_has_its_status_and_a_reason():
    request = badRequestDict(BadRequest(431, "too large"), peer="192.0.2.1")
    assert (request["bad"], request["errormsg"], request["peer"]) == (431, "too large", "192.0.2.1")
