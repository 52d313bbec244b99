"""Paths of a mail server, and what stands in the place of those that have no key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Greylist.KeyedPaths import NO_ADDRESS, keyedRecipient, keyedSender
from Kamaelia.Support.Greylist.Keys import recipientKey, senderKey


@pytest.mark.parametrize("path", ["<ann@example.org>", '<"a b"@example.org>', "<postmaster>"])
def test_a_path_that_has_a_key_stays_as_it_is(path: str) -> None:
    assert keyedRecipient(path) == path


def test_the_null_sender_has_a_key_and_a_recipient_without_a_domain_has_none() -> None:
    assert keyedSender("<>") == "<>"
    assert keyedRecipient("<>") == "<_@invalid>"
    assert keyedSender("<root>") == keyedRecipient("<root>") == "<root@invalid>"


@given(st.text(max_size=200))
def test_each_text_becomes_a_path_that_has_a_key(text: str) -> None:
    whole = f"<{text}>"
    for keyed, key in ((keyedSender, senderKey), (keyedRecipient, recipientKey)):
        path = keyed(whole)
        assert key(path)
        assert path == whole or path.endswith(NO_ADDRESS)
