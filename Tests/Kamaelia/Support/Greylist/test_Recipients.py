"""What a real server's replies say about recipients, and how long that is remembered."""

import pytest

from Kamaelia.Support.Greylist.Recipients import Knowledge, RecipientCache, isUnknown
from Kamaelia.Support.Protocol.SMTP.Reply import Reply

UNKNOWN = Reply(550, "5.1.1 <c@d.example>: User unknown")
KNOWN = Reply(250, "2.1.5 ok")


@pytest.mark.parametrize(
    "reply",
    [
        UNKNOWN,
        Reply(550, "5.1.10 RESOLVER.ADR.RecipientNotFound"),
        Reply(550, "5.4.1 Recipient address rejected: Access denied"),
        Reply(550, "5.2.1 The mailbox is disabled"),
        Reply(550, "5.1.1 No such user\n5.1.1 Try another"),
        Reply(550, "No such user here"),
        Reply(551, "User not local"),
        Reply(553, "no mailbox by that name"),
    ],
)
def test_a_permanent_refusal_of_the_address_means_that_it_is_unknown(reply: Reply) -> None:
    assert isUnknown(reply)


@pytest.mark.parametrize(
    "reply",
    [
        KNOWN,
        Reply(450, "4.1.1 unverified address"),
        Reply(451, "4.7.1 Greylisted"),
        Reply(554, "5.7.1 Relay access denied"),
        Reply(550, "5.7.1 Client host blocked"),
        Reply(550, "5.1.8 Sender address rejected: domain not found"),
        Reply(550, "5.1.7 bad sender"),
        Reply(552, "5.2.2 over quota"),
        Reply(550, "5.2.2 over quota"),
        Reply(554, "no"),
        Reply(501, "syntax"),
    ],
)
def test_other_replies_say_nothing_against_the_recipient(reply: Reply) -> None:
    assert not isUnknown(reply)


def test_known_and_unknown_recipients_are_remembered_for_their_own_times() -> None:
    cache = RecipientCache(known=100.0, unknown=10.0)
    assert cache.put("a", KNOWN, 0.0) == Knowledge(None)
    assert cache.put("b", UNKNOWN, 0.0) == Knowledge(UNKNOWN)
    assert [cache.get(key, 9.9) for key in "abc"] == [Knowledge(None), Knowledge(UNKNOWN), None]
    assert [cache.get(key, 10.0) for key in "ab"] == [Knowledge(None), None]
    assert cache.get("a", 100.0) is None


@pytest.mark.parametrize("reply", [Reply(451, "4.3.0 no"), Reply(554, "5.7.1 Relay access denied")])
def test_a_refusal_that_is_not_about_the_recipient_is_not_remembered(reply: Reply) -> None:
    cache = RecipientCache(known=100.0, unknown=100.0)
    assert cache.put("a", reply, 0.0) == Knowledge(None)
    assert cache.get("a", 0.0) is None


def test_a_time_of_0_remembers_nothing() -> None:
    cache = RecipientCache(known=0.0, unknown=0.0)
    cache.put("a", KNOWN, 0.0)
    cache.put("b", UNKNOWN, 0.0)
    assert cache.get("a", 0.0) is None
    assert cache.get("b", 0.0) is None


def test_the_recipient_that_was_stored_first_makes_room() -> None:
    cache = RecipientCache(known=100.0, unknown=100.0, most=2)
    for key in "abac":
        cache.put(key, KNOWN, 0.0)
    assert [cache.get(key, 1.0) is not None for key in "abc"] == [True, False, True]


def test_a_new_cache_takes_over_what_is_remembered() -> None:
    before, after = RecipientCache(100.0, 100.0), RecipientCache(5.0, 5.0)
    before.put("a", KNOWN, 0.0)
    after.inherit(before)
    assert after.get("a", 50.0) == Knowledge(None)
