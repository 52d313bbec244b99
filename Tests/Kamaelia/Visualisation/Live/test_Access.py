"""The rules for access, on requests as dicts."""

import pytest

from Kamaelia.Support.Protocol.WebSocket.Handshake import Refusal
from Kamaelia.Visualisation.Live.Access import Access

ACCESS = Access("sesame", port=80, names=("localhost", "box.example"))


def request(query="", **headers):
    return {"query": query, "headers": {"host": "localhost:80", **headers}}


@pytest.mark.parametrize(
    "allowed",
    [
        request("token=sesame"),
        request("x=1&token=sesame"),
        request(cookie="kamaelia-watch-80=sesame"),
        request(cookie="a=b; kamaelia-watch-80=sesame; c=d"),
        request("token=wrong", cookie="kamaelia-watch-80=sesame"),
        request("token=sesame", host="BOX.example:80"),
        request("token=sesame", origin="http://localhost:80"),
        request(cookie="a; b = c;kamaelia-watch-80=old;kamaelia-watch-80 = sesame"),
    ],
)
def test_a_request_with_the_token_is_allowed(allowed):
    ACCESS.check(allowed)


@pytest.mark.parametrize(
    ("refused", "status"),
    [
        (request(), 403),
        (request("token=sesam"), 403),
        (request("token=sesame2"), 403),
        (request("token=s\u00e9same"), 403),
        (request("token=a&token=sesame"), 403),
        (request(cookie="kamaelia-watch-81=sesame"), 403),
        (request(cookie="kamaelia-watch-80; kamaelia-watch-80=; =sesame"), 403),
        (request(cookie='a="' + "\\1" * 1_000_000 + '"'), 403),  # days, in the square of its length
        (request("token=sesame", host="localhost"), 421),
        (request("token=sesame", host="localhost:81"), 421),
        (request("token=sesame", host="evil.example:80"), 421),
        (request("token=sesame", host=""), 421),
        (request("token=sesame", origin="http://evil.example"), 403),
    ],
)
def test_any_other_request_is_refused(refused, status):
    with pytest.raises(Refusal) as caught:
        ACCESS.check(refused)
    assert caught.value.status == status


def test_the_cookie_is_for_this_server_alone():
    name, value = ACCESS.cookie()
    assert name == "Set-Cookie"
    assert value == "kamaelia-watch-80=sesame; HttpOnly; SameSite=Strict; Path=/"


def test_the_address_has_the_token():
    assert ACCESS.address("127.0.0.1") == "http://127.0.0.1:80/?token=sesame"
