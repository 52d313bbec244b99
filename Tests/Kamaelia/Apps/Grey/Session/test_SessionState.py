"""The settings of a session, which connections share as long as they are the same."""

from math import inf
from typing import Any

import pytest

from Kamaelia.Apps.Grey.StrictMailHandler import StrictMailHandler
from Kamaelia.Support.Protocol.SMTP import Session


class Handler(StrictMailHandler):
    """Offers what its settings say."""


def offersOf(handler: Any) -> tuple[frozenset[str], int]:
    settings = handler.sessionSettings()
    return settings.extensions, settings.max_message_size


def test_connections_with_the_same_settings_share_them():
    assert Handler().sessionSettings() is Handler().sessionSettings()


@pytest.mark.parametrize(
    "change", [{"max_message_size": 7}, {"extensions": ["DSN"]}, {"servername": "other"}]
)
def test_a_connection_with_another_setting_has_settings_of_its_own(change):
    usual = Handler().sessionSettings()
    assert Handler(**change).sessionSettings() != usual
    assert Handler().sessionSettings() == usual


def test_a_collection_that_a_program_changes_is_noticed():
    class Changing(Handler):
        extensions = ["DSN"]

    assert "SIZE" not in offersOf(Changing())[0]
    Changing.extensions.append("SIZE")
    assert "SIZE" in offersOf(Changing())[0]


class Sized:
    """Offers a size of its own, on which no setting depends."""

    size = 1

    def offered(self):
        return frozenset(), self.size


class SizedItself(Handler):
    size = 1

    def offered(self):
        return frozenset(), self.size


class SizedByMixin(Sized, Handler):
    pass


class Below(SizedItself):
    pass


@pytest.mark.parametrize("kind", [SizedItself, SizedByMixin, Below])
def test_a_class_that_offers_something_else_is_asked_for_each_connection(kind, monkeypatch):
    assert offersOf(kind())[1] == 1
    monkeypatch.setattr(kind, "size", 2)
    assert offersOf(kind())[1] == 2


def test_a_class_may_say_on_what_its_own_offer_depends():
    class Told(SizedByMixin):
        offerDependsOn = ("size", "extensions")

    assert offersOf(Told())[1] == 1
    assert Told().sessionSettings() is Told().sessionSettings()
    assert offersOf(Told(size=2))[1] == 2


def test_numbers_and_flags_of_other_types_are_understood():
    handler = Handler(strict=1, esmtp=1, max_message_size=1e6, max_recipients=inf, max_errors=5.0)
    settings = handler.sessionSettings()
    given = settings.strict, settings.esmtp, settings.max_message_size, settings.max_recipients
    assert [*map(repr, given)] == ["True", "True", "1000000", "0"]
    session = Session(settings)
    session.greet("today")
    assert any("SIZE 1000000" in str(reply) for reply in session.receive(b"EHLO a.example\r\n"))


def test_a_program_may_assign_flags_and_texts_of_other_types():
    handler = Handler()
    handler.seenMail, handler.breakConnection = 1, 0
    handler.sender, handler.remotename = None, None
    handler.recipients = ("<a@example.com>",)
    session = handler.session
    assert session.seenMail is True
    assert session.breakConnection is False
    assert (session.sender, session.remotename) == ("", "")
    assert session.recipients == ["<a@example.com>"]
