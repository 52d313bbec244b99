"""One mailbox may be written in many ways: all of them compare equal, everywhere."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from Kamaelia.Support.Greylist.Keys import (
    localPartKey,
    mailboxKey,
    recipientKey,
    senderKey,
    splitMailbox,
)
from Kamaelia.Support.Greylist.Lists import Lists
from Kamaelia.Support.Greylist.Names import Mailboxes

# A label of the DNS, and how a person may write it.
LABELS = {"example": ["example"], "xn--bcher-kva": ["xn--bcher-kva", "bücher", "bu\u0308cher"]}
LITERALS = {
    "[192.0.2.1]": ["[192.0.2.1]"],
    "[ipv6:2001:db8::1]": ["[IPv6:2001:db8::1]", "[ipv6:2001:DB8:0:0::1]", "[IPV6:2001:db8:0::1]"],
}
CONTENTS = st.text(
    st.characters(min_codepoint=32, max_codepoint=126) | st.sampled_from("äß\u4e2d"), max_size=20
)


@st.composite
def cases(draw: Any, text: str) -> str:
    """The ASCII letters of a text in any case; other letters have more cases than two."""
    flags = draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    pairs = zip(text, flags, strict=True)
    return "".join(each.upper() if each.isascii() and isUpper else each for each, isUpper in pairs)


@st.composite
def domains(draw: Any) -> tuple[str, str]:
    """A domain as it is compared, and one of its spellings."""
    if draw(st.booleans()):
        key = draw(st.sampled_from(sorted(LITERALS)))
        return key, draw(st.sampled_from(LITERALS[key]))
    keys = draw(st.lists(st.sampled_from(sorted(LABELS)), min_size=1, max_size=3))
    spelled = ".".join(draw(cases(draw(st.sampled_from(LABELS[key])))) for key in keys)
    return ".".join(keys), spelled + draw(st.sampled_from(["", "."]))


@st.composite
def spellings(draw: Any, content: str) -> str:
    """One way to write a local part: quoted, with backslashes where they may be, or bare."""
    content = draw(cases(content))
    isBare = bool(content) and not set(content) & set(' "\\(),:;<>@[]')
    if isBare and draw(st.booleans()):
        return content
    escaped = "".join(
        f"\\{each}" if each in '"\\' or (each.isascii() and draw(st.booleans())) else each
        for each in content
    )
    return f'"{escaped}"'


@st.composite
def mailboxes(draw: Any) -> tuple[str, str]:
    """Two spellings of one mailbox."""
    content, (key, spelled) = draw(CONTENTS.map(str.lower)), draw(domains())
    paths = f"{draw(spellings(content))}@{key}", f"{draw(spellings(content))}@{spelled}"
    one, other = (f"<{path}>" if draw(st.booleans()) else path for path in paths)
    return one, other


@given(mailboxes())
def test_every_spelling_of_a_mailbox_has_one_key(both: tuple[str, str]) -> None:
    one, other = both
    for key in (senderKey, recipientKey, mailboxKey, splitMailbox):
        assert key(one) == key(other)
    assert mailboxKey(mailboxKey(one)) == mailboxKey(one)


@given(mailboxes())
def test_every_spelling_of_a_mailbox_is_found_in_every_list(both: tuple[str, str]) -> None:
    one, other = both
    assume("*" not in one)
    lists = Lists(
        senders=[one],
        recipients=[one],
        triples=[("192.0.2.1", one, one)],
        heloTriples=[("me", "192.0.2.0/24", one)],
    )
    assert lists.sender(other)
    assert lists.recipient(other)
    assert lists.triple("192.0.2.1", "", other, other)
    assert lists.triple("192.0.2.2", "me", "<>", other)
    assert Mailboxes({one: 1}).find(other) == 1


@given(CONTENTS, CONTENTS, st.data())
def test_other_mailboxes_have_other_keys(one: str, other: str, data: Any) -> None:
    assume(one.lower() != other.lower())
    assert localPartKey(data.draw(spellings(one))) != localPartKey(data.draw(spellings(other)))


@pytest.mark.parametrize(
    "path",
    [
        '<"closed"@example.org>',
        '<"c\\losed"@example.org>',
        "<c\\losed@example.org>",
        '<clo"sed"@example.org>',
        "<CLOSED@EXAMPLE.ORG.>",
        '<"closed"@[IPv6:2001:db8::1]>',
    ],
)
def test_quotes_do_not_evade_a_list(path: str) -> None:
    lists = Lists(recipients=["closed@example.org", "closed@[ipv6:2001:db8:0:0::1]"])
    assert lists.recipient(path)


@pytest.mark.parametrize("path", ["<postmaster>", "<Postmaster>", '<"Postmaster">', "postmaster"])
@pytest.mark.parametrize("entry", ["postmaster", "postmaster@*", "<Postmaster>"])
def test_postmaster_alone_is_every_postmaster(path: str, entry: str) -> None:
    assert Mailboxes({entry: 1}).find(path) == 1


@pytest.mark.parametrize("path", ["<postmaster>", "<abuse>", "<postmaster@example.org>", "<>"])
def test_postmaster_of_one_domain_is_no_other(path: str) -> None:
    assert Mailboxes({"postmaster@example.net": 1, "abuse@*.example": 2}).find(path) is None


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("<ann+tag@example.org>", "ann@example.org"),
        ("<ann+a+b@example.org>", "ann@example.org"),
        ('<"ann+a b"@example.org>', None),
        ("<ann+known@example.org>", "ann+known@example.org"),
        ("<bob+x@mail.example.net>", "bob@*.example.net"),
        ("<+tag@example.org>", None),
        ("<annette+tag@example.org>", None),
        ("<eve+tag@example.com>", "@example.com"),
    ],
)
def test_an_entry_has_the_tagged_addresses_of_its_mailbox(path: str, found: str | None) -> None:
    entries = ["ann@example.org", "ann+known@example.org", "bob@*.example.net", "@example.com"]
    assert Mailboxes({entry: entry for entry in entries}).find(path) == found
