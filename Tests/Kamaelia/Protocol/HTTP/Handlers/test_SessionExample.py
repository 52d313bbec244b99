"""The example of a component that goes on between requests."""

import pytest

from Kamaelia.Protocol.HTTP.Handlers import SessionExample as module
from Kamaelia.Protocol.HTTP.Handlers.SessionExample import SessionExampleWrapper
from Tests.Kamaelia.Protocol.HTTP.webServer import exchange, get, post

ROUTING = [["/session/", SessionExampleWrapper]]


@pytest.fixture(autouse=True)
def _noSessions(monkeypatch):
    monkeypatch.setattr(module, "Sessions", {})


def test_each_session_counts_its_requests():
    requests = [
        get("/session/a"),
        get("/session/b"),
        get("/session/a"),
        post(b"x", path="/session/a"),
    ]
    answers = exchange(ROUTING, *requests)
    assert [answer.body for answer in answers] == [
        b"<html><body>%d</body></html>" % number for number in (1, 1, 2, 3)
    ]


def test_the_number_of_sessions_is_limited(monkeypatch):
    monkeypatch.setattr(module, "MOST_SESSIONS", 2)
    exchange(ROUTING, *[get(f"/session/{number}") for number in range(5)])
    assert list(module.Sessions) == ["3", "4"]
