"""The parts of a URL."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.HTTP.Uri import splitUri


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://example.org", {"uri-server": "example.org", "raw-uri": "/", "query": ""}),
        ("http://h:8080/x", {"uri-server": "h", "uri-port": "8080", "raw-uri": "/x"}),
        ("https://h/x", {"uri-protocol": "https", "non-query-uri": "/x"}),
        ("http://h/x?a=1?b", {"raw-uri": "/x?a=1?b", "non-query-uri": "/x", "query": "a=1?b"}),
        ("http://h?q", {"raw-uri": "/?q", "non-query-uri": "/", "query": "q"}),
        ("http://me:a:b@h/", {"uri-username": "me", "uri-password": "a:b", "uri-server": "h"}),
        ("http://me:pw@h:81/", {"uri-username": "me", "uri-server": "h", "uri-port": "81"}),
        ("http://[::1]:8/", {"uri-server": "[::1]", "uri-port": "8"}),
        ("http://[::1]/", {"uri-server": "[::1]"}),
        ("/x?to=http://h/", {"uri-server": "", "uri-protocol": "", "raw-uri": "/x?to=http://h/"}),
        ("h/x", {"uri-server": "h", "uri-protocol": "", "raw-uri": "/x"}),
    ],
)
def test_a_url_is_split_into_its_parts(url, parts):
    found = splitUri(url)
    assert {key: found[key] for key in parts} == parts


@pytest.mark.parametrize("url", ["http://h/", "h", "/x", ""])
def test_parts_that_are_missing_have_no_key(url):
    assert {"uri-port", "uri-username", "uri-password"}.isdisjoint(splitUri(url))


@given(st.text())
def test_any_text_has_parts(url):
    found = splitUri(url)
    assert found["non-query-uri"] + ("?" + found["query"] if found["query"] else "") in (
        found["raw-uri"],
        found["raw-uri"].removesuffix("?"),
    )
