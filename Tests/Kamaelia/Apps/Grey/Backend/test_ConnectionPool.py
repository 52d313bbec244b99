"""Connections to the real server are kept for other clients, where that can change nothing."""

import gc
import os
import re
import signal
import socket
import threading
import urllib.request
from collections.abc import Callable
from typing import Any
from weakref import finalize

import pytest

from Kamaelia.Apps.Grey.Backend.ConnectionPool import MOST_RESETS
from Kamaelia.Apps.Grey.Backend.ServerConnection import ServerConnection
from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Support.Failover import Health
from Kamaelia.Support.Protocol.SMTP.Opening import TELLING, Manner
from Tests.Kamaelia.Apps.Grey.Service.test_Application import eventually, grey
from Tests.Kamaelia.Apps.Grey.wire import (
    GOOD,
    HANG_UP,
    PATIENCE,
    SILENCE,
    TOOK_AND_HUNG_UP,
    Caller,
    FarEnd,
    oneMail,
)

__all__ = ["grey"]  # a fixture

RELAYS = pytest.mark.parametrize("relay", ["replay", "live"])
NOT_REACHED = "451 4.4.1"
TOOK = GOOD["."]


class Proxy(ConcreteMailHandler):
    smtp_idle_connections = 10
    smtp_idle_time = 3600
    events: list[str]

    def shouldWeAcceptMail(self) -> bool:
        return True

    def noteConnection(self, event: str) -> None:
        self.events.append(event)


def handler(*behind: FarEnd, **settings: Any) -> Any:
    """A protocol with these servers behind it; `events` are those of its connections."""
    servers = [("127.0.0.1", far.port) for far in behind]
    own = {"smtp_servers": servers, "smtp_health": Health(), "smtp_offer_interval": 0}
    return type("Handler", (Proxy,), own | {"events": []} | settings)


def mails(*between: Callable[[], object]) -> Callable[[Any], list[str]]:
    """A client for each mail, one after the other; `between` has what happens between them."""

    def client(server: Any) -> list[str]:
        replies = [oneMail()(server)]
        for happens in between:
            happens()
            replies.append(oneMail()(server))
        return replies

    return client


def nothing() -> None:
    """Let the next client follow at once."""


# What is kept


@RELAYS
def test_one_client_after_another_uses_the_same_connection(serving: Any, relay: str) -> None:
    with FarEnd() as far:
        protocol = handler(far, relay=relay)
        assert serving(mails(nothing, nothing), protocol=protocol) == [TOOK] * 3
        assert len(far.mails) == 3
        assert far.ended.acquire(timeout=PATIENCE)
        one = ["MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>", "DATA"]
        assert far.heard == ["EHLO localhost", *one * 3, "QUIT"]
        assert protocol.events == ["made", "reused", "reused"]
        assert protocol.smtp_pool is None


@RELAYS
def test_an_idle_connection_keeps_no_handler_in_memory(serving: Any, relay: str) -> None:
    gone = threading.Semaphore(0)

    def begin(self: Any, **settings: Any) -> None:
        Proxy.__init__(self, **settings)
        finalize(self, gone.release)

    def client(server: Any) -> list[bool]:
        isGone = []
        for _ in range(2):
            oneMail()(server)
            isGone.append(gone.acquire(timeout=PATIENCE))
        return isGone

    gc.disable()
    try:
        with FarEnd() as far:
            protocol = handler(far, relay=relay, __init__=begin)
            assert serving(client, protocol=protocol) == [True, True]
            assert protocol.events == ["made", "reused"]
    finally:
        gc.enable()


@RELAYS
def test_two_clients_at_once_never_share_a_connection(serving: Any, relay: str) -> None:
    def both(server: Any) -> None:
        callers = [Caller(server.ports[0]) for _ in range(2)]
        for caller in callers:
            assert caller.begin()[-1].startswith("250")
        for caller in callers:
            assert caller.send() == TOOK
        for caller in callers:
            caller.end()

    def client(server: Any) -> None:
        both(server)
        both(server)

    with FarEnd() as far:
        protocol = handler(far, relay=relay)
        serving(client, protocol=protocol)
        assert len(far.mails) == 4
        # In replay, the first mail ends before the second one begins.
        assert far.count("EHLO") == 2
        assert protocol.events == ["made", "made", "reused", "reused"]


@RELAYS
def test_no_connection_is_kept_without_the_setting(serving: Any, relay: str) -> None:
    assert ConcreteMailHandler.smtp_idle_connections == 0
    with FarEnd() as far:
        protocol = handler(far, relay=relay, smtp_idle_connections=0)
        assert serving(mails(nothing), protocol=protocol) == [TOOK] * 2
        assert far.count("EHLO") == 2
        assert eventually(lambda: far.count("QUIT") == 2, "both connections are closed in order")


@RELAYS
@pytest.mark.parametrize("telling", ["xclient", "xforward"])
def test_a_session_in_which_the_server_knows_the_client_is_not_shared(
    serving: Any, relay: str, telling: str
) -> None:
    offer = "250-far\r\n250-XCLIENT ADDR NAME HELO PROTO LOGIN\r\n250 XFORWARD ADDR SOURCE"
    with FarEnd(EHLO=offer) as far:
        protocol = handler(far, relay=relay, smtp_client_address=telling)
        assert serving(mails(nothing), protocol=protocol) == [TOOK] * 2
        assert eventually(lambda: far.count("QUIT") == 2, "both connections are closed in order")
        assert protocol.events == ["made", "made"]


def test_only_sessions_that_are_equal_for_all_clients_are_shared() -> None:
    shared = [each for each in TELLING if Manner("us", telling=each).isShareable]
    assert shared == ["no"]
    assert [tls for tls in ("no", "may", "must") if Manner("us", tls).isShareable] == ["no"]


@RELAYS
def test_a_connection_is_not_kept_beyond_the_number_of_mails(serving: Any, relay: str) -> None:
    with FarEnd() as far:
        protocol = handler(far, relay=relay, smtp_max_mails=2)
        assert serving(mails(nothing, nothing), protocol=protocol) == [TOOK] * 3
        assert protocol.events == ["made", "reused", "made"]


def test_no_more_idle_connections_are_kept_than_the_setting_allows(serving: Any) -> None:
    def client(server: Any) -> None:
        callers = [Caller(server.ports[0]) for _ in range(3)]
        for caller in callers:
            caller.begin()
        for caller in callers:
            caller.end()
        assert far.ended.acquire(timeout=PATIENCE)

    with FarEnd() as far:
        protocol = handler(far, relay="live", smtp_idle_connections=2)
        serving(client, protocol=protocol)
        assert far.count("EHLO") == 3


def test_a_connection_that_was_idle_for_too_long_ends_with_QUIT(serving: Any) -> None:
    def client(server: Any) -> None:
        assert oneMail()(server) == TOOK
        assert far.ended.acquire(timeout=PATIENCE)
        assert far.heard[-1] == "QUIT"
        assert oneMail()(server) == TOOK

    with FarEnd() as far:
        protocol = handler(far, smtp_idle_time=0.01)
        serving(client, protocol=protocol)
        assert protocol.events == ["made", "made"]


def test_a_session_in_which_the_server_has_refused_anything_is_not_kept(serving: Any) -> None:
    with FarEnd(RCPT=["550 5.1.1 nobody"]) as far:
        protocol = handler(far, relay="live")
        refused, taken = serving(mails(nothing), protocol=protocol)
        assert (refused, taken) == ("550 5.1.1 nobody", TOOK)
        assert protocol.events == ["made", "made"]


# A mail that was begun


def begun(server: Any) -> None:
    """A client that leaves after RCPT, which the server has accepted."""
    caller = Caller(server.ports[0])
    assert caller.begin()[-1].startswith("250")
    caller.end()


def afterBegun(far: FarEnd) -> Callable[[Any], str]:
    def client(server: Any) -> str:
        begun(server)
        assert eventually(lambda: far.count("RSET") + far.count("QUIT"), "the client has left")
        return oneMail()(server)

    return client


def test_a_mail_that_was_begun_is_dropped_before_the_session_is_kept(serving: Any) -> None:
    with FarEnd() as far:
        protocol = handler(far, relay="live")
        assert serving(afterBegun(far), protocol=protocol) == TOOK
        assert far.heard.index("RSET") == 3
        assert len(far.mails) == 1


@pytest.mark.parametrize("answer", ["450 4.3.0 not now", "500 what", HANG_UP, "421 4.3.2 bye"])
def test_a_session_whose_RSET_is_refused_is_not_kept(serving: Any, answer: str) -> None:
    with FarEnd(RSET=answer) as far:
        protocol = handler(far, relay="live")
        assert serving(afterBegun(far), protocol=protocol) == TOOK
        assert protocol.events == ["made", "made"]
        assert far.mails[0].recipients == ["RCPT TO:<c@d.example>"]


def test_a_session_whose_RSET_has_no_answer_yet_serves_no_other_client(serving: Any) -> None:
    with FarEnd(RSET=SILENCE) as far:
        protocol = handler(far, relay="live")
        assert serving(afterBegun(far), protocol=protocol, grace=0) == TOOK
        assert protocol.events == ["made", "made"]
        # The first is closed without QUIT.
        assert eventually(lambda: far.count("QUIT") == 1, "the second is closed in order")


def test_a_session_is_not_reset_again_and_again(serving: Any) -> None:
    def client(server: Any) -> None:
        for number in range(MOST_RESETS + 2):
            begun(server)
            assert eventually(lambda so=number: ended(so + 1), "the client has left")

    def ended(number: int) -> bool:
        return far.count("RSET") + far.count("QUIT") >= number

    with FarEnd() as far:
        protocol = handler(far, relay="live")
        serving(client, protocol=protocol)
        assert protocol.events.count("made") == 2


# What goes wrong between two mails


@pytest.mark.parametrize("isKept", [False, True])
def test_an_error_in_a_connection_that_no_client_uses_ends_only_that(
    serving: Any, monkeypatch: pytest.MonkeyPatch, isKept: bool
) -> None:
    def fail(connection: Any) -> None:
        raise RuntimeError("a fault in the connection")

    def client(server: Any) -> str:
        callers = [Caller(server.ports[0]) for _ in range(2)]
        for caller in callers:
            caller.begin()
            assert caller.send() == TOOK
        callers[0].end()
        assert eventually(lambda: protocol.smtp_pool.childComponents(), "one is kept")
        with monkeypatch.context() as patch:
            patch.setattr(ServerConnection, "handleMessages", fail)
            callers[1].end()
            if isKept:
                far.sockets[0].sendall(b"421 4.4.2 idle\r\n")
            assert far.ended.acquire(timeout=PATIENCE)
        return oneMail()(server)

    with FarEnd() as far:
        protocol = handler(far, relay="live", smtp_idle_connections=1 + isKept)
        assert serving(client, protocol=protocol) == TOOK
        assert len(far.mails) == 3


def test_an_error_in_a_kept_connection_ends_only_the_mail_that_uses_it(
    serving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: Any) -> None:
        raise RuntimeError("a fault in the connection")

    def client(server: Any) -> list[str]:
        replies = mails(nothing)(server)
        caller = Caller(server.ports[0])
        caller.begin()
        with monkeypatch.context() as patch:
            patch.setattr(ServerConnection, "handleMessages", fail)
            far.sockets[0].shutdown(socket.SHUT_RDWR)
            assert far.ended.acquire(timeout=PATIENCE)
            replies.append(caller.send())
        caller.end()
        return [*replies, oneMail()(server)]

    with FarEnd() as far:
        protocol = handler(far, relay="live")
        first, second, third, fourth = serving(client, protocol=protocol)
        assert [first, second, fourth] == [TOOK] * 3
        assert third.startswith(NOT_REACHED)


def test_a_kept_connection_ends_with_the_handler_that_uses_it(serving: Any) -> None:
    def fail(handler: Any, command: list[str]) -> None:
        raise RuntimeError("a fault in the handler")

    def client(server: Any) -> list[str]:
        reply = oneMail()(server)
        caller = Caller(server.ports[0])
        caller.begin()
        assert caller.say("NOOP") == ""
        assert far.ended.acquire(timeout=PATIENCE)
        return [reply, oneMail()(server)]

    with FarEnd() as far:
        protocol = handler(far, relay="live", handleNoop=fail)
        assert serving(client, protocol=protocol) == [TOOK] * 2
        assert far.count("EHLO") == len(far.mails) == 2


@RELAYS
@pytest.mark.parametrize("said", [b"", b"421 4.4.2 idle\r\n", b"250 2.0.0 again\r\n", b"2"])
def test_a_connection_that_the_server_ends_or_speaks_on_is_not_used(
    serving: Any, relay: str, said: bytes
) -> None:
    def happens() -> None:
        far.sockets[0].sendall(said)
        if not said:
            far.sockets[0].shutdown(socket.SHUT_RDWR)
        assert far.ended.acquire(timeout=PATIENCE)

    with FarEnd() as far:
        protocol = handler(far, relay=relay)
        assert serving(mails(happens), protocol=protocol) == [TOOK] * 2
        assert protocol.events[0] == "made"
        assert protocol.events[-1] == "made"
        assert len(far.mails) == 2


def second(stage: str, answer: str) -> dict[str, Any]:
    """Answers of a server whose second answer at this stage is `answer`."""
    return {stage: [GOOD["." if stage == "dot" else stage], answer]}


@pytest.mark.parametrize(
    ("relay", "stage", "reply"),
    [
        ("replay", "MAIL", TOOK),
        ("replay", "RCPT", TOOK),
        ("replay", "DATA", TOOK),
        ("live", "MAIL", TOOK),
        ("live", "RCPT", TOOK),
        ("live", "DATA", NOT_REACHED),  # the client has heard the answer to RCPT
    ],
)
@pytest.mark.parametrize("answer", [HANG_UP, "421 4.7.0 enough", "no reply at all"])
def test_a_mail_is_tried_once_more_while_that_is_safe(
    serving: Any, relay: str, stage: str, reply: str, answer: str
) -> None:
    with FarEnd(**second(stage, answer)) as far:
        protocol = handler(far, relay=relay)
        first, again = serving(mails(nothing), protocol=protocol)
        assert first == TOOK
        assert again.startswith(reply)
        assert far.dots == (2 if reply == TOOK else 1)
        assert protocol.events[:2] == ["made", "reused"]
        isBroken = "broken" in protocol.events
        assert isBroken == (relay == "replay" or stage != "DATA")


@RELAYS
@pytest.mark.parametrize("answer", [HANG_UP, TOOK_AND_HUNG_UP, "421 4.7.0 enough"])
def test_a_mail_whose_dot_was_sent_is_never_sent_again(
    serving: Any, relay: str, answer: str
) -> None:
    with FarEnd(**second("dot", answer)) as far:
        protocol = handler(far, relay=relay)
        _, again = serving(mails(nothing), protocol=protocol)
        assert again.startswith("451")
        assert far.dots == 2


@RELAYS
def test_a_refusal_of_MAIL_in_a_kept_session_is_checked_in_a_new_one(
    serving: Any, relay: str
) -> None:
    with FarEnd(**second("MAIL", "452 4.5.3 too many mails in this session")) as far:
        protocol = handler(far, relay=relay)
        assert serving(mails(nothing), protocol=protocol) == [TOOK] * 2
        assert protocol.events == ["made", "reused", "broken", "made"]


@RELAYS
def test_a_refusal_that_a_new_session_confirms_is_passed_on(serving: Any, relay: str) -> None:
    no = "550 5.7.1 not from there"
    with FarEnd(MAIL=[GOOD["MAIL"], no, no]) as far:
        protocol = handler(far, relay=relay)
        assert serving(mails(nothing), protocol=protocol) == [TOOK, no]
        assert far.count("MAIL") == 3


@RELAYS
def test_a_kept_connection_that_breaks_is_no_failure_of_the_server(
    serving: Any, relay: str
) -> None:
    with FarEnd(**second("MAIL", HANG_UP)) as far, FarEnd() as other:
        protocol = handler(far, other, relay=relay)
        assert serving(mails(nothing), protocol=protocol) == [TOOK] * 2
        assert (len(far.mails), len(other.mails)) == (2, 0)


def test_a_failure_ends_all_idle_connections_to_that_server(serving: Any) -> None:
    def client(server: Any) -> str:
        callers = [Caller(server.ports[0]) for _ in range(3)]
        for caller in callers:
            caller.begin()
            assert caller.send() == TOOK
        for caller in callers:
            caller.end()
        reply = oneMail()(server)
        for _ in callers:
            assert far.ended.acquire(timeout=PATIENCE)
        return reply

    with FarEnd(MAIL=[GOOD["MAIL"]] * 3 + [HANG_UP]) as far:
        protocol = handler(far, relay="live")
        assert serving(client, protocol=protocol) == TOOK
        assert protocol.events == ["made"] * 3 + ["reused", "broken", "made"]


@RELAYS
def test_a_server_that_was_started_anew_gets_the_mail(
    serving: Any, smtpSink: Any, relay: str
) -> None:
    sink, port = smtpSink()

    def restart() -> None:
        sink.kill()
        sink.wait(timeout=PATIENCE)
        smtpSink(port=port)

    protocol = handler(relay=relay, smtp_servers=[("127.0.0.1", port)])
    first, again = serving(mails(restart), protocol=protocol)
    assert first.startswith("250")
    assert again.startswith("250")


# Kamaelia Grey


def connectionsOf(proxy: Any) -> dict[str, int]:
    """The counters of connections, which all workers share, as Prometheus reads them."""
    with urllib.request.urlopen(proxy.figures, timeout=PATIENCE) as response:
        text = response.read().decode()
    found = re.findall(r'server_connections_total{event="(\w+)"} (\d+)', text)
    return {event: int(number) for event, number in found}


def sendAndLeave(proxy: Any) -> str:
    caller = Caller(proxy.port)
    said = caller.begin("<c@example.org>")[-1]
    reply = caller.send() if said[0] == "2" else said
    caller.end()
    return reply


TRUSTED = 'allowed_sender_nets = ["127.0.0.1/32"]'


@pytest.mark.parametrize("listen", ["", "workers = 2"])
def test_Kamaelia_Grey_keeps_connections_counts_them_and_says_QUIT_when_it_stops(
    grey: Any, listen: str
) -> None:
    proxy = grey(listen=listen, domains=f'example.org"]\n{TRUSTED}\n#["')
    for _ in range(6):
        assert sendAndLeave(proxy) == TOOK
    assert eventually(lambda: sum(connectionsOf(proxy).values()) == 6, "all are counted")
    figures = connectionsOf(proxy)
    assert figures["reused"] >= 4  # each of two workers makes one
    assert "Traceback" not in proxy.stop()
    far = grey.far
    assert eventually(lambda: far.count("QUIT") == far.count("EHLO"), "each session ends with QUIT")
    assert len(far.mails) == 6


def test_a_reload_ends_the_connections_to_the_servers_before(grey: Any) -> None:
    proxy = grey(domains=f'example.org"]\n{TRUSTED}\n#["')
    assert sendAndLeave(proxy) == TOOK
    with FarEnd() as other:
        proxy.write(far=other.port)
        proxy.program.send_signal(signal.SIGHUP)
        assert "reloaded" in proxy.program.readUntil("reloaded")
        far = grey.far
        assert eventually(lambda: far.count("QUIT") == far.count("EHLO"), "they end with QUIT")
        assert sendAndLeave(proxy) == TOOK
        assert (len(far.mails), len(other.mails)) == (1, 1)
        assert "Traceback" not in proxy.stop()


def test_a_session_that_outlives_a_reload_is_not_kept(grey: Any) -> None:
    proxy = grey(domains=f'example.org"]\n{TRUSTED}\n#["')
    caller = Caller(proxy.port)
    caller.begin("<c@example.org>")
    proxy.program.send_signal(signal.SIGHUP)
    assert "reloaded" in proxy.program.readUntil("reloaded")
    assert caller.send() == TOOK
    caller.end()
    assert eventually(lambda: grey.far.heard[-1] == "QUIT", "it ends with QUIT")


# Postfix


@pytest.mark.needs("postfix")
@pytest.mark.skipif(os.getuid() != 0, reason="a Postfix of one's own needs root")
@RELAYS
def test_Postfix_receives_mails_of_many_clients_in_one_session(
    serving: Any, postfix: Any, relay: str
) -> None:
    real = postfix()
    servers = [("127.0.0.1", real.port)]
    protocol = handler(relay=relay, smtp_servers=servers)
    replies = serving(mails(*[nothing] * 4), protocol=protocol)
    assert [reply[:3] for reply in replies] == ["250"] * 5
    assert len(real.waitForMails(5)) == 5
    session = re.compile(r"disconnect from .* ehlo=1 mail=5 rcpt=5 data=5 quit=1 commands=17")
    real.waitUntil(lambda: session.search(real.log()), "one session, with QUIT")


@pytest.mark.needs("postfix")
@pytest.mark.skipif(os.getuid() != 0, reason="a Postfix of one's own needs root")
@RELAYS
def test_Postfix_that_ends_idle_sessions_early_loses_no_mail(
    serving: Any, postfix: Any, relay: str
) -> None:
    real = postfix(smtpd_timeout="1s")
    servers = [("127.0.0.1", real.port)]
    protocol = handler(relay=relay, smtp_servers=servers)

    def isOver() -> None:
        real.waitUntil(lambda: "timeout after" in real.log(), "Postfix ends the session")

    replies = serving(mails(isOver), protocol=protocol)
    assert [reply[:3] for reply in replies] == ["250"] * 2
    assert len(real.waitForMails(2)) == 2
    assert protocol.events == ["made", "made"]


@pytest.mark.needs("postfix")
@pytest.mark.skipif(os.getuid() != 0, reason="a Postfix of one's own needs root")
@pytest.mark.parametrize(
    ("telling", "settings"),
    [
        ("xclient", {"smtpd_authorized_xclient_hosts": "127.0.0.1"}),
        ("xforward", {"smtpd_authorized_xforward_hosts": "127.0.0.1"}),
        ("proxy", {"smtpd_upstream_proxy_protocol": "haproxy"}),
    ],
)
def test_Postfix_that_is_told_of_the_client_has_a_session_for_each(
    serving: Any, postfix: Any, telling: str, settings: dict[str, str]
) -> None:
    real = postfix(**settings)
    own = {"smtp_client_address": telling, "relay": "live"}
    protocol = handler(smtp_servers=[("127.0.0.1", real.port)], **own)
    replies = serving(mails(nothing), protocol=protocol)
    assert [reply[:3] for reply in replies] == ["250"] * 2
    assert protocol.events == ["made", "made"]
    real.waitUntil(lambda: real.log().count("quit=1") == 2, "each session ends with QUIT")
