"""The writer of responses, with h11 as the client that reads them."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.HTTP.ResponseWriter import ResponseWriter


def readByClient(sent, method):
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "h")]))
    client.send(h11.EndOfMessage())
    client.receive_data(sent)
    response, body = client.next_event(), b""
    while not isinstance(event := client.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA:
            client.receive_data(b"")
        else:
            body += event.data
    return response, body, client.trailing_data[0]


@given(
    method=st.sampled_from(["GET", "HEAD", "POST"]),
    version=st.sampled_from(["1.0", "1.1"]),
    status=st.sampled_from([200, 204, 206, 304, 404, 500]),
    parts=st.lists(st.binary(max_size=40), max_size=4),
    isAnnounced=st.booleans(),
    isKept=st.booleans(),
)
def test_a_client_reads_what_was_written(method, version, status, parts, isAnnounced, isKept):
    writer = ResponseWriter(method, version, isKept)
    length = sum(map(len, parts)) if isAnnounced else None
    sent = writer.head(status, [("X-Test", "a b")], length)
    sent += b"".join(map(writer.body, parts)) + writer.end()
    response, body, rest = readByClient(sent, method)
    hasBody = method != "HEAD" and status not in (204, 304)
    assert (response.status_code, rest) == (status, b"")
    assert (b"x-test", b"a b") in list(response.headers)
    assert body == (b"".join(parts) if hasBody else b"")
    assert writer.sent == len(body)
    if writer.isKeptAlive:
        assert isKept
        client = h11.Connection(h11.CLIENT)
        client.send(h11.Request(method=method, target="/", headers=[("Host", "h")]))
        client.send(h11.EndOfMessage())
        client.receive_data(sent)
        while not isinstance(client.next_event(), h11.EndOfMessage):
            pass  # the end is known without the end of the connection
        assert client.their_state is h11.DONE


@pytest.mark.parametrize("field", [("X\r\nY", "a"), ("", "a"), ("X Y", "a"), ("X", "a\r\nY: b"),
                                   ("X", "a\n"), ("X", "\0")])  # fmt: skip
def test_a_field_cannot_contain_another(field):
    with pytest.raises(ValueError, match="field"):
        ResponseWriter("GET", "1.1", True).head(200, [field])


def test_fields_about_the_connection_are_left_to_the_server():
    writer = ResponseWriter("GET", "1.1", True)
    fields = [("Transfer-Encoding", "gzip"), ("Content-Length", "9"), ("Connection", "Close")]
    sent = writer.head(200, fields, 2).lower()
    assert b"transfer-encoding" not in sent
    assert sent.count(b"content-length: 2\r\n") == sent.count(b"content-length") == 1
    assert sent.count(b"connection: close\r\n") == 1
    assert not writer.isKeptAlive


def test_a_body_of_another_length_than_announced_is_an_error():
    writer = ResponseWriter("GET", "1.1", True)
    writer.head(200, [], 3)
    writer.body(b"ab")
    with pytest.raises(ValueError, match="1 bytes shorter"):
        writer.end()
    with pytest.raises(ValueError, match="2 bytes longer"):
        writer.body(b"cde")
