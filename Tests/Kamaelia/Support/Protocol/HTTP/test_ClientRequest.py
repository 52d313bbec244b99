"""Requests of a client, and those that follow redirects."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.HTTP.ClientRequest import ClientRequest, Server


def parsed(request):
    server = h11.Connection(h11.SERVER)
    server.receive_data(b"".join(request.pieces()))
    return server.next_event()


@pytest.mark.parametrize(
    ("url", "server", "target"),
    [
        ("http://h", Server("http", "h", 80), b"/"),
        ("HTTPS://H:8443/a b#c", Server("https", "h", 8443), b"/a%20b"),
        ("http://[::1]:81/?q=ü", Server("http", "::1", 81), b"/?q=%C3%BC"),
        ("http://bücher.example/%41", Server("http", "xn--bcher-kva.example", 80), b"/%41"),
        ("h/path", Server("http", "h", 80), b"/path"),
    ],
)
def test_a_url_becomes_a_server_and_a_target(url, server, target):
    request = ClientRequest.forURL(url)
    assert (request.server, parsed(request).target) == (server, target)


@pytest.mark.parametrize(
    ("url", "host"),
    [("http://h", "h"), ("http://h:80", "h"), ("https://h:80", "h:80"), ("http://[::1]", "[::1]")],
)
def test_the_header_host_has_a_port_unless_it_is_the_default(url, host):
    assert ("Host", host) in ClientRequest.forURL(url).headers + tuple(
        (name.decode().title(), value.decode())
        for name, value in parsed(ClientRequest.forURL(url)).headers
    )


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/b", "http://h/b"),
        ("b?c", "http://h/x/b?c"),
        ("//other/b", "http://other/b"),
        ("?q", "http://h/x/a?q"),
        (" https://h/ ", "https://h/"),
    ],
)
def test_a_redirect_may_be_relative(location, url):
    assert ClientRequest.forURL("http://h/x/a").redirected(302, location).url == url


@pytest.mark.parametrize("other", ["https://h/", "http://h:81/", "http://sub.h/", "http://h.evil/"])
def test_credentials_stay_with_scheme_host_and_port(other):
    headers = {"Authorization": "1", "cookie": "2", "X": "3", "Host": "h"}
    request = ClientRequest.forURL("http://h/", headers=headers)
    assert request.redirected(307, other).headers == (("X", "3"),)
    assert request.redirected(307, "/x").headers == request.headers


def test_the_headers_about_a_body_leave_with_it():
    headers = {"Content-Type": "a/b", "X": "1", "Transfer-Encoding": "chunked", "Expect": "x"}
    request = ClientRequest.forURL("http://h/", "POST", headers, b"body")
    following = request.redirected(303, "/")
    assert (following.method, following.body, following.headers) == ("GET", None, (("X", "1"),))
    assert request.redirected(308, "/").body == b"body"


@pytest.mark.parametrize("body", [b"", b"some body"])
@pytest.mark.parametrize("headers", [{}, {"Transfer-Encoding": "chunked"}])
def test_the_body_has_the_form_that_its_headers_announce(headers, body):
    server = h11.Connection(h11.SERVER)
    for piece in ClientRequest.forURL("http://h/", "POST", headers, body).pieces():
        server.receive_data(piece)
    server.next_event()
    data = b""
    while isinstance(event := server.next_event(), h11.Data):
        data += event.data
    assert (data, type(event)) == (body, h11.EndOfMessage)


@pytest.mark.parametrize("length", ["1", "20", "x"])
def test_a_length_that_is_not_that_of_the_body_is_refused(length):
    request = ClientRequest.forURL("http://h/", "POST", {"Content-Length": length}, b"some body")
    with pytest.raises(ValueError, match="is not valid"):
        request.pieces()


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_url_and_any_location_give_a_valid_request_or_a_ValueError(url, location):
    try:
        request = ClientRequest.forURL("http://h/" + url)
        for each in (request, request.redirected(302, location)):
            assert isinstance(parsed(each), h11.Request)
    except ValueError:
        pass


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=10), max_size=3))
def test_headers_cannot_smuggle_anything(headers):
    try:
        request = parsed(ClientRequest.forURL("http://h/", headers=headers))
    except ValueError:
        return
    names = {name.decode() for name, _ in request.headers}
    own = {name.lower() for name in headers}
    assert names - own <= {"host", "user-agent", "accept", "accept-encoding", "connection"}
