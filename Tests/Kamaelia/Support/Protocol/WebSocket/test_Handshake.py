"""The handshake of WebSocket on both sides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.HTTP.RequestDict import requestDict
from Kamaelia.Support.Protocol.HTTP.RequestReader import RequestReader
from Kamaelia.Support.Protocol.WebSocket.ClientHandshake import ClientHandshake, HandshakeError
from Kamaelia.Support.Protocol.WebSocket.Handshake import Refusal, accept

# The example in RFC 6455, section 1.3
HEADERS = {
    "host": "server.example.com",
    "upgrade": "websocket",
    "connection": "keep-alive, Upgrade",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
}


def request(method="GET", version="1.1", **headers):
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    merged = {name: value for name, value in (HEADERS | changed).items() if value is not None}
    return {"method": method, "version": version, "headers": merged}


def test_the_example_of_the_RFC_is_accepted():
    acceptance = accept(request())
    assert ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") in acceptance.headers
    assert acceptance.subprotocol is None


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"upgrade": None}, 426),
        ({"upgrade": "h2c"}, 426),
        ({"connection": "close"}, 426),
        ({"method": "POST"}, 405),
        ({"version": "1.0"}, 400),
        ({"sec_websocket_version": "8"}, 426),
        ({"sec_websocket_version": None}, 426),
        ({"sec_websocket_key": None}, 400),
        ({"sec_websocket_key": "short"}, 400),
        ({"sec_websocket_key": "ü" * 24}, 400),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "null", "host": ""}, 403),
        ({"origin": "http://[x"}, 403),
        ({"origin": "https://server.example.com.evil"}, 403),
    ],
)
def test_what_is_no_valid_handshake_is_refused(changed, status):
    with pytest.raises(Refusal) as refused:
        accept(request(**changed))
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("origin", "origins"),
    [
        (None, ["https://other"]),
        ("https://server.example.com", None),
        ("https://SERVER.example.com", None),
        ("https://other", ["https://Other"]),
        ("https://other", "https://other"),
        ("https://anything", "*"),
        ("null", ["*"]),
    ],
)
def test_accepted_origins(origin, origins):
    accept(request(origin=origin), origins=origins)


@pytest.mark.parametrize("origins", [["https://other"], "https://other", []])
def test_a_list_of_origins_is_exhaustive(origins):
    with pytest.raises(Refusal, match="origin"):
        accept(request(origin="https://server.example.com"), origins=origins)


def test_the_first_offered_subprotocol_that_is_known_is_chosen():
    acceptance = accept(request(sec_websocket_protocol="x, Chat, chat"), ["other", "chat"])
    assert acceptance.subprotocol == "chat"
    assert ("Sec-WebSocket-Protocol", "chat") in acceptance.headers


@given(st.dictionaries(st.sampled_from(sorted(HEADERS)), st.text(max_size=30)))
def test_any_headers_are_accepted_or_refused(headers):
    try:
        accept(request() | {"headers": HEADERS | headers})
    except Refusal:
        pass


# The client


def asked(handshake):
    reader = RequestReader()
    reader.receive(handshake.request())
    return requestDict(reader.next())


def answered(handshake, **settings):
    acceptance = accept(asked(handshake), **settings)
    lines = [f"{name}: {value}\r\n" for name, value in acceptance.headers]
    return f"HTTP/1.1 101 Go\r\n{''.join(lines)}\r\n".encode()


@pytest.mark.parametrize("cut", [1, 30, 1000])
def test_a_client_and_a_server_agree(cut):
    handshake = ClientHandshake("ws://h:81/chat?x", {"Cookie": "a"}, ["chat", "other"])
    assert asked(handshake)["raw-uri"] == "/chat?x"
    assert asked(handshake)["headers"]["host"] == "h:81"
    answer = answered(handshake, subprotocols=["other"]) + b"first frame"
    rest = None
    for start in range(0, len(answer), cut):
        piece = answer[start : start + cut]
        rest = handshake.receive(piece) if rest is None else rest + piece
    assert rest == b"first frame"
    assert handshake.subprotocol == "other"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ((b"Accept: ", b"Accept: x"), "has not understood"),
        ((b"Upgrade: websocket", b"Upgrade: h2c"), "another protocol"),
        ((b"Connection:", b"Sec-WebSocket-Extensions: x\r\nConnection:"), "an extension"),
        ((b"Connection:", b"Sec-WebSocket-Protocol: x\r\nConnection:"), "a subprotocol"),
        ((b"101 Go", b"200 OK"), "200"),
        ((b"101 Go", b"403 No"), "403"),
        ((b"HTTP/1.1 101 Go", b"SSH-2.0"), "is not valid"),
    ],
)
def test_a_client_accepts_no_other_answer(change, reason):
    handshake = ClientHandshake("wss://h/")
    with pytest.raises(HandshakeError, match=reason):
        handshake.receive(answered(handshake).replace(*change))


def test_the_end_of_the_connection_is_no_answer():
    with pytest.raises(HandshakeError):
        ClientHandshake("ws://h/").receive(b"")


@pytest.mark.parametrize("url", ["http://h/", "h", "", "ws://", "ws://h:0/", "file:///x"])
def test_other_urls_are_refused(url):
    with pytest.raises(ValueError, match=r"URL|names no server|no valid port"):
        ClientHandshake(url)
