"""Policy requests of Postfix: read however the network splits them, or refused."""

import tracemalloc
from collections.abc import Iterable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Greylist.Keys import recipientKey
from Kamaelia.Support.Protocol.PolicyDelegation import (
    LONGEST_ACTION,
    LONGEST_NAMES,
    LONGEST_REQUEST,
    MOST_ATTRIBUTES,
    MOST_FORMS,
    BadRequest,
    PolicyRequest,
    RequestReader,
    answer,
    pathOf,
    requestOf,
)
from Tests.pieces import pieces

# As Postfix 3.7 sends it
FROM_POSTFIX = b"""\
request=smtpd_access_policy
protocol_state=RCPT
protocol_name=ESMTP
client_address=192.0.2.7
client_name=mx.example.net
client_port=4711
reverse_client_name=mx.example.net
server_address=127.0.0.1
server_port=25
helo_name=mx.example.net
sender=ann@example.net
recipient=bob@example.org
recipient_count=0
queue_id=
instance=1f3a.6741f2b5.a8f21.0
size=0
etrn_domain=
stress=
sasl_method=
sasl_username=
sasl_sender=
ccert_subject=
ccert_issuer=
ccert_fingerprint=
ccert_pubkey_fingerprint=
encryption_protocol=
encryption_cipher=
encryption_keysize=0
policy_context=

"""

names = st.text(st.characters(exclude_characters="\n\0=", codec="utf-8"), min_size=1, max_size=20)
values = st.text(st.characters(exclude_characters="\n\0", codec="utf-8"), max_size=50)
requests = st.dictionaries(names, values, min_size=1, max_size=20)
cuts = st.lists(st.integers(0, 2000), max_size=10)


def written(attributes: dict[str, str]) -> bytes:
    return "".join(f"{name}={value}\n" for name, value in attributes.items()).encode() + b"\n"


def read(data: bytes, cuts: Iterable[int] = ()) -> list[dict[str, str]]:
    """The requests in these bytes, cut at these places."""
    reader = RequestReader()
    found = []
    for piece in pieces(data, cuts):
        reader.feed(piece)
        while (request := reader.nextRequest()) is not None:
            found.append(request)
    return found


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
def test_a_request_of_postfix_is_read_however_the_network_splits_it(size: int) -> None:
    (attributes,) = read(FROM_POSTFIX, range(0, len(FROM_POSTFIX), size))
    assert requestOf(attributes) == PolicyRequest(
        stage="RCPT",
        peer="192.0.2.7",
        peerport=4711,
        names=("mx.example.net",),
        remotename="mx.example.net",
        sender="<ann@example.net>",
        recipient="<bob@example.org>",
        instance="1f3a.6741f2b5.a8f21.0",
        hasTLS=False,
    )


@pytest.mark.parametrize(
    ("more", "hasTLS", "hasCertificate"),
    [
        ({}, None, False),
        ({"encryption_protocol": ""}, False, False),
        ({"encryption_protocol": "TLSv1.3", "ccert_subject": ""}, True, False),
        ({"encryption_protocol": "TLSv1.3", "ccert_subject": "mx.example.net"}, True, True),
    ],
)
def test_a_request_tells_of_tls_and_a_verified_certificate(
    more: dict[str, str], hasTLS: bool | None, hasCertificate: bool
) -> None:
    attributes = {"request": "smtpd_access_policy", "client_address": "192.0.2.7"}
    request = requestOf(attributes | more)
    assert (request.hasTLS, request.hasCertificate) == (hasTLS, hasCertificate)


@given(st.lists(requests, max_size=5), cuts)
def test_requests_are_read_as_they_were_written(
    sent: list[dict[str, str]], cuts: list[int]
) -> None:
    assert read(b"".join(map(written, sent)), cuts) == sent


@given(st.binary(max_size=3000), cuts)
def test_arbitrary_bytes_are_requests_or_are_refused(data: bytes, cuts: list[int]) -> None:
    with suppress(BadRequest):
        for attributes in read(data, cuts):
            assert requestOf(attributes).peer


@given(st.lists(st.sampled_from([b"\n", b"=", b"a", b"\0", b"request=", b"\xff"]), max_size=40))
def test_what_is_refused_does_not_depend_on_how_the_network_splits_it(words: list[bytes]) -> None:
    data = b"".join(words)

    def outcome(cuts: Iterable[int]) -> object:
        try:
            return read(data, cuts)
        except BadRequest as error:
            return str(error)

    assert outcome(()) == outcome(range(len(data)))


LINES = FROM_POSTFIX.decode().splitlines()[:-1]
OTHER_LINES = [
    "sender=cat@example.net",
    "sender=",
    "sender",
    "=sender",
    "sender=a=b",
    "sender=a\0b",
    "senders=",
    "client_address=",
    "request=other",
    "client_port=x",
]
changes = st.lists(
    st.tuples(st.integers(0, len(LINES) - 1), st.sampled_from([*OTHER_LINES, *LINES])), max_size=3
)


@given(st.lists(changes, min_size=1, max_size=4))
def test_a_request_is_read_in_the_same_way_after_any_other(
    sent: list[list[tuple[int, str]]],
) -> None:
    def outcome(reader: RequestReader) -> object:
        try:
            return reader.nextPolicyRequest()
        except BadRequest as error:
            return str(error)

    after = RequestReader()
    for changed in sent:
        lines = list(LINES)
        for place, line in changed:
            lines[place] = line
        data = "\n".join([*lines, "", ""]).encode()
        alone = RequestReader()
        alone.feed(data)
        after.feed(data)
        answers = [outcome(alone), outcome(after)]
        assert answers[0] == answers[1]
        if not isinstance(answers[0], PolicyRequest):
            return


def test_few_forms_of_requests_are_kept_and_all_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    forms: dict[tuple[str, ...], object] = {}
    monkeypatch.setattr("Kamaelia.Support.Protocol.PolicyDelegation._forms", forms)
    reader = RequestReader()
    for number in range(2 * MOST_FORMS):
        for name in (f"other{number}", f"{number:0{LONGEST_NAMES}}"):
            for sender in ("ann", "cat"):
                data = FROM_POSTFIX.replace(b"size=0", f"{name}=1".encode())
                reader.feed(data.replace(b"sender=ann", f"sender={sender}".encode()))
                request = reader.nextPolicyRequest()
                assert request is not None
                assert request.sender == f"<{sender}@example.net>"
    assert len(forms) == MOST_FORMS
    assert all(sum(map(len, names)) <= LONGEST_NAMES for names in forms)


@pytest.mark.parametrize("line", ["sender", "=a", "helo_name=a", "sender=a\0"])
def test_a_request_is_refused_although_the_one_before_had_nearly_the_same_attributes(
    line: str,
) -> None:
    reader = RequestReader()
    reader.feed(FROM_POSTFIX)
    assert reader.nextPolicyRequest() is not None
    lines = [line if each.startswith("sender=") else each for each in LINES]
    reader.feed("\n".join([*lines, "", ""]).encode())
    with pytest.raises(BadRequest):
        reader.nextPolicyRequest()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\n", "empty"),
        (b"a=1\n\n\n", "empty"),
        (b"no equals sign\n\n", "not an attribute: 'no equals sign'"),
        (b"=no name\n\n", "not an attribute"),
        (b"sender=a\0b\n\n", "not an attribute"),
        (b"sender=a\nsender=b\n\n", "'sender' is there twice"),
        (b"x" * (LONGEST_REQUEST + 1), "more than 65536 octets"),
        (b"x" * LONGEST_REQUEST + b"=1\n\n", "more than 65536 octets"),
        (b"".join(b"%d=\n" % each for each in range(MOST_ATTRIBUTES + 1)) + b"\n", "more than 500"),
        (b"".join(b"%d=\n" % each for each in range(1_000_000)) + b"\n", "more than 65536 octets"),
    ],
)
def test_what_is_no_request_is_refused_with_the_reason(data: bytes, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        read(data)


def test_a_request_as_long_as_is_allowed_is_read() -> None:
    longest = b"a=" + b"x" * (LONGEST_REQUEST - 2)
    assert len(read(longest + b"\n\n", range(0, LONGEST_REQUEST, 1000))[0]["a"]) == len(longest) - 2


def test_an_endless_request_is_refused_before_it_takes_memory() -> None:
    reader = RequestReader()
    tracemalloc.start()
    try:
        with suppress(BadRequest):
            while True:
                reader.feed(b"name=value")
                reader.nextRequest()
        assert tracemalloc.get_traced_memory()[1] < 4 * LONGEST_REQUEST
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({}, "the request is '', not smtpd_access_policy"),
        ({"request": "junk"}, "the request is 'junk', not smtpd_access_policy"),
        ({"request": "smtpd_access_policy"}, "client_address is missing"),
    ],
)
def test_a_request_without_what_is_needed_is_refused(attributes: dict[str, str], why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        requestOf(attributes)


@pytest.mark.parametrize("name", ["", "unknown", "Unknown"])
def test_a_name_that_postfix_has_not_verified_is_no_name(name: str) -> None:
    attributes = {"request": "smtpd_access_policy", "client_address": "::1", "client_name": name}
    assert requestOf(attributes).names == ()


@pytest.mark.parametrize("port", ["", "unknown", "-1", "4711.0", "999999", "\u0661"])
def test_what_is_no_port_is_0(port: str) -> None:
    attributes = {"request": "smtpd_access_policy", "client_address": "::1", "client_port": port}
    assert requestOf(attributes).peerport == 0


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("", "<>"),
        ("ann@example.org", "<ann@example.org>"),
        ("postmaster", "<postmaster>"),
        ("ann smith@example.org", '<"ann smith"@example.org>'),
        ('a"b@example.org', '<"a\\"b"@example.org>'),
        ("a@b@example.org", '<"a@b"@example.org>'),
        ("@example.org", '<""@example.org>'),
        ("b\u00f6b@example.org", "<b\u00f6b@example.org>"),
    ],
)
def test_an_address_gets_the_quotes_that_smtp_needs(address: str, path: str) -> None:
    assert pathOf(address) == path


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=60))
def test_a_mailbox_has_the_same_key_as_in_smtp(local: str) -> None:
    quoted = "".join(f"\\{each}" if each in '"\\' else each for each in local)
    assert recipientKey(pathOf(f"{local}@example.org")) == recipientKey(f'<"{quoted}"@example.org>')


@given(st.text())
def test_an_action_is_one_line_whatever_it_contains(action: str) -> None:
    said = answer(action)
    assert said.startswith(b"action=")
    assert said.index(b"\n") == len(said) - 2
    assert len(said) <= LONGEST_ACTION + 9
