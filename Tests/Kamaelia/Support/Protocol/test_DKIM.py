"""Which DKIM signatures vouch for a sender, and which are authentic."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol import DKIM
from Kamaelia.Support.Protocol.DKIM import Signature, isAuthentic, signaturesOf
from Tests.Kamaelia.Apps.Grey.signing import MAIL, SigningKey

pytest.importorskip("dkim")
SENDER = "<ann@b.example>"


def headers(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1") + b"\r\nHello\r\n"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return SigningKey(tmp_path_factory.mktemp("key"))


@pytest.mark.parametrize(
    ("signature", "sender", "domains"),
    [
        ("v=1; d=b.example; s=mail", SENDER, ["b.example"]),
        ("v=1; d = B.Example ;\r\n\ts=mail;", SENDER, ["b.example"]),
        ("v=1; d=b.example; s=mail", "<ann@lists.b.example>", ["b.example"]),
        ("v=1; d=lists.b.example; s=mail", SENDER, []),
        ("v=1; d=ab.example; s=mail", "<x@zab.example>", []),
        ("v=1; d=example; s=mail", SENDER, []),
        ("v=1; d=b.example; s=mail; l=10", SENDER, []),
        ("v=1; d=b.example", SENDER, []),
        ("v=1; s=mail", SENDER, []),
        ("v=1; d=b.example; s=" + "x" * 64, SENDER, []),
        ("v=1; d=b..example; s=mail", SENDER, []),
        ("v=1; d=c.example; s=mail", "<>", ["c.example"]),
        ("v=1; d=b.example; s=mail; x=" + "y" * 5000, SENDER, []),
    ],
)
def test_a_signature_vouches_for_senders_in_its_domain(
    signature: str, sender: str, domains: list[str]
) -> None:
    text = headers(f"DKIM-Signature: {signature}", "From: carl@c.example")
    assert [each.domain for each in signaturesOf(text, sender)] == domains


@pytest.mark.parametrize(
    "lines",
    [
        ["From: ann@b.example, carl@c.example"],
        ["From: ann@b.example", "From: carl@c.example"],
        ["From: " + "x" * 2000 + "@c.example"],
        ["From: "],
        [],
    ],
)
def test_a_sender_in_from_counts_only_if_it_is_one(lines: list[str]) -> None:
    text = headers("DKIM-Signature: d=c.example; s=mail", *lines)
    assert signaturesOf(text, SENDER) == []


@pytest.mark.parametrize("piece", ["(", ":", "<", '"', "a@b.example,"])
def test_a_hostile_from_header_does_not_keep_a_signature_from_counting(piece: str) -> None:
    hostile = "From: " + piece * (DKIM.LONGEST_FROM // len(piece) - 1)
    text = headers("DKIM-Signature: v=1; d=b.example; s=mail", hostile)
    assert [each.domain for each in signaturesOf(text, SENDER)] == ["b.example"]


def test_signatures_keep_their_numbers_and_only_the_first_few_count() -> None:
    lines = ["DKIM-Signature: d=elsewhere.example; s=a"]
    lines += [f"dkim-signature: d=b.example; s=s{number}" for number in range(9)]
    found = signaturesOf(headers(*lines), SENDER)
    assert found == [Signature(number, "b.example", f"s{number - 1}") for number in (1, 2, 3)]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"DKIM-Signature: d=b.example; s=mail\r\n",
        headers("DKIM-Signature: d=b.example; s=mail", *["X: y"] * 20_000),
    ],
    ids=["empty", "no end of headers", "endless headers"],
)
def test_texts_that_take_too_long_to_verify_have_no_signatures(text: bytes) -> None:
    assert signaturesOf(text, SENDER) == []


@pytest.mark.parametrize("canonicalize", [(b"simple", b"simple"), (b"relaxed", b"relaxed")])
def test_the_signature_of_a_mail_is_authentic(
    key: SigningKey, canonicalize: tuple[bytes, bytes]
) -> None:
    text = key.signed(canonicalize=canonicalize)
    (signature,) = signaturesOf(text, SENDER)
    assert isAuthentic(text, signature, key.record.encode())


@pytest.mark.parametrize("body", [b"relaxed", b"simple"])
def test_blanks_are_compared_as_the_signature_says(key: SigningKey, body: bytes) -> None:
    mail = MAIL + b"a \t b" + b" " * 2000 + b"\r\n" + b" " * 2000 + b"\r\n"
    text = key.signed(mail, canonicalize=(b"relaxed", body))
    (signature,) = signaturesOf(text, SENDER)
    assert isAuthentic(text, signature, key.record.encode())
    others = text.replace(b"a \t b", b"a b")
    assert isAuthentic(others, signature, key.record.encode()) == (body == b"relaxed")
    assert not isAuthentic(text.replace(b"a \t b", b"ab"), signature, key.record.encode())


@pytest.mark.parametrize("change", [b"Hello", b"Subject: hello", b"ann@b.example"])
def test_a_changed_mail_has_no_authentic_signature(key: SigningKey, change: bytes) -> None:
    text = key.signed().replace(change, change + b"x")
    assert not isAuthentic(text, Signature(0, "b.example", "mail"), key.record.encode())


def test_keys_that_are_short_long_or_hostile_prove_nothing(tmp_path: Path, key: SigningKey) -> None:
    weak = SigningKey(tmp_path, bits=768)
    signature = Signature(0, "b.example", "mail")
    assert not isAuthentic(weak.signed(), signature, weak.record.encode())
    for record in (b"", b"p=", b"v=DKIM1; p=;", b"p=AAAA", b"\xff\xfe", b"v=DKIM1; k=x; p=AAAA"):
        assert not isAuthentic(key.signed(), signature, record)
    padded = key.record.encode() + b"; n=" + b"x" * DKIM.LONGEST_KEY
    assert not isAuthentic(key.signed(), signature, padded)


@given(
    text=st.binary(max_size=300)
    | st.text("DKIM-Signature:;= \t\r\nabdhlpsvx123@<>.,", max_size=300).map(str.encode)
)
@example(b"DKIM-Signature: d=b.example; s=mail; a=rsa-sha256; b=!; bh=!; h=from; v=1\r\n\r\n")
@example(b"DKIM-Signature: \r\n\r\n")
def test_no_text_raises_an_error(text: bytes) -> None:
    for prefix in (b"", b"DKIM-Signature: d=b.example; s=mail;", b"From: "):
        signaturesOf(prefix + text + b"\r\n\r\n", SENDER)
        assert not isAuthentic(prefix + text, Signature(0, "b.example", "mail"), b"p=AAAA")


def test_mail_without_a_signature_has_none() -> None:
    assert signaturesOf(MAIL, SENDER) == []
