"""EHLO offers what the real servers offer: they are asked at start, and heard at each session."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Backend.ServerInquiry import ServerInquiry
from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Support.Failover import Health
from Tests.Kamaelia.Apps.Grey.offers import Offers
from Tests.Kamaelia.Apps.Grey.wire import (
    GOOD,
    HANG_UP,
    PATIENCE,
    SILENCE,
    Caller,
    FarEnd,
    inTLS,
    nowhere,
    shortLimits,
)

RELAYS = pytest.mark.parametrize("relay", ["replay", "live"])
AT_FIRST = {"ENHANCEDSTATUSCODES", "SIZE 33554432"}
ALL = "250-far\r\n250-SIZE 5000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250 CHUNKING"


class Proxy(ConcreteMailHandler):
    def shouldWeAcceptMail(self) -> bool:
        return True


def handler(*far: Any, **settings: Any) -> Any:
    ports = [each if isinstance(each, int) else each.port for each in far]
    usual = {"smtp_servers": [("127.0.0.1", port) for port in ports]}
    usual |= {"smtp_offers": Offers(), "smtp_health": Health()}
    usual |= {"smtp_timeouts": shortLimits(*far)}
    return type("Handler", (Proxy,), usual | settings)


def extensionsIn(reply: str) -> set[str]:
    return {line[4:] for line in reply.split("\n")[1:]}


def offered(server: Any) -> set[str]:
    return extensionsIn(Caller(server.ports[0]).say("EHLO client"))


def afterAnswers(protocol: Any, count: int) -> Callable[[Any], set[str]]:
    """A client that comes when so many answers to EHLO have been recorded."""

    def client(server: Any) -> set[str]:
        for _ in range(count):
            assert protocol.smtp_offers.recorded.acquire(timeout=PATIENCE)
        return offered(server)

    return client


def test_a_server_is_asked_at_start_and_EHLO_offers_the_same(serving: Any) -> None:
    with FarEnd(EHLO=ALL) as far:
        protocol = handler(far)
        assert serving(afterAnswers(protocol, 1), protocol=protocol) == {"SIZE 5000", "8BITMIME"}
        assert far.heard[0] == "EHLO localhost"
        assert not any(line.startswith("MAIL") for line in far.heard)


def test_settings_may_offer_more_if_the_server_does_and_PIPELINING_is_the_proxys(
    serving: Any,
) -> None:
    with FarEnd(EHLO=ALL) as far:
        protocol = handler(far, extensions={"SMTPUTF8", "DSN", "PIPELINING"})
        expected = {"SMTPUTF8", "DSN", "PIPELINING"}
        assert serving(afterAnswers(protocol, 1), protocol=protocol) == expected


def test_several_servers_offer_what_all_offer(serving: Any) -> None:
    with FarEnd(EHLO=ALL) as one, FarEnd(EHLO="250-far\r\n250 SIZE 900") as two:
        protocol = handler(one, two)
        assert serving(afterAnswers(protocol, 2), protocol=protocol) == {"SIZE 900"}


def test_a_server_that_is_down_does_not_narrow_the_offer(serving: Any) -> None:
    with FarEnd(EHLO=ALL) as far:
        protocol = handler(nowhere(), far)
        assert serving(afterAnswers(protocol, 1), protocol=protocol) == {"SIZE 5000", "8BITMIME"}


def test_no_client_waits_for_the_answer(serving: Any) -> None:
    with FarEnd(greeting=SILENCE) as far:
        assert serving(offered, protocol=handler(far)) == AT_FIRST


def test_while_no_server_is_reached_the_last_answer_counts(serving: Any) -> None:
    port = nowhere()
    protocol = handler(port)
    server = protocol.companions()[0].server
    protocol.smtp_offers.record(server, {"8BITMIME": "", "SIZE": "77"})
    assert serving(offered, protocol=protocol) == {"8BITMIME", "SIZE 77"}


@RELAYS
def test_a_session_with_another_answer_counts_from_the_next_EHLO_on(
    serving: Any, relay: str
) -> None:
    def client(server: Any) -> list[set[str]]:
        assert protocol.smtp_offers.recorded.acquire(timeout=PATIENCE)
        caller = Caller(server.ports[0])
        caller.begin()
        caller.send()
        again = extensionsIn(caller.say("EHLO client"))
        return [again, offered(server)]

    with FarEnd(EHLO=[ALL, "250-far\r\n250 SIZE 300"]) as far:
        protocol = handler(far, relay=relay)
        assert serving(client, protocol=protocol) == [{"SIZE 300"}, {"SIZE 300"}]


def test_a_server_that_failed_is_asked_again(serving: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("Kamaelia.Apps.Grey.Backend.ServerInquiry.FIRST_PAUSE", 0.01)
    with FarEnd(greeting=[HANG_UP, "421 busy", "garbage"], EHLO=ALL) as far:
        protocol = handler(far)
        assert serving(afterAnswers(protocol, 1), protocol=protocol) == {"SIZE 5000", "8BITMIME"}


def test_a_server_that_has_answered_is_asked_again_later(serving: Any) -> None:
    with FarEnd(EHLO=[ALL, ALL, "250 far"]) as far:
        protocol = handler(far, smtp_offer_interval=0.01)
        assert serving(afterAnswers(protocol, 3), protocol=protocol) == set()


def test_with_an_interval_of_0_only_mails_tell(serving: Any) -> None:
    with FarEnd() as far:
        assert serving(offered, protocol=handler(far, smtp_offer_interval=0)) == AT_FIRST
        assert far.heard == []


def test_a_handler_with_its_own_connection_asks_no_server() -> None:
    class Own(Proxy):
        def connectToRealSMTPServer(self) -> None:
            raise NotImplementedError

    assert Own.companions() == []
    assert isinstance(Proxy.companions()[0], ServerInquiry)


def test_a_server_that_expects_a_PROXY_header_gets_one_without_a_client(serving: Any) -> None:
    with FarEnd(EHLO=ALL) as far:
        first: list[bytes] = []
        base = far.RequestHandlerClass

        class Expecting(base):  # type: ignore[misc, valid-type]
            def handle(self) -> None:
                first.append(self.rfile.read(16))
                super().handle()

        far.RequestHandlerClass = Expecting
        protocol = handler(far, smtp_client_address="proxy")
        assert serving(afterAnswers(protocol, 1), protocol=protocol) == {"SIZE 5000", "8BITMIME"}
        assert first == [b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"]  # LOCAL, of the PROXY protocol


def test_the_offer_within_TLS_counts(serving: Any, certificate: Any) -> None:
    answers = ["250-far\r\n250 STARTTLS", ALL]
    with FarEnd(EHLO=answers, STARTTLS="220 go") as far:
        far.RequestHandlerClass = inTLS(far.RequestHandlerClass, certificate.server)
        tls = {"smtp_tls": "must", "smtp_ssl": certificate.client, "smtp_tls_name": "localhost"}
        protocol = handler(far, **tls)
        assert serving(afterAnswers(protocol, 1), protocol=protocol) == {"SIZE 5000", "8BITMIME"}


@RELAYS
@pytest.mark.parametrize("declared", ["BODY=8BITMIME", "SMTPUTF8"])
def test_what_a_mail_declares_and_the_server_lacks_is_refused_for_good(
    serving: Any, relay: str, declared: str
) -> None:
    def client(server: Any) -> str:
        assert protocol.smtp_offers.recorded.acquire(timeout=PATIENCE)
        caller = Caller(server.ports[0])
        caller.say("EHLO client")
        replies = caller.sayAll(f"MAIL FROM:<a@b.example> {declared}", "RCPT TO:<c@d.example>")
        return next((each for each in replies if each[0] != "2"), None) or caller.send()

    with FarEnd(EHLO=[ALL, "250 far"]) as far:
        protocol = handler(far, relay=relay, extensions={"8BITMIME", "SMTPUTF8"})
        assert serving(client, protocol=protocol).startswith("554 5.6.")
        assert (far.dots, far.mails) == (0, [])


def test_a_mail_over_the_servers_limit_is_refused_at_MAIL(serving: Any) -> None:
    def client(server: Any) -> str:
        assert protocol.smtp_offers.recorded.acquire(timeout=PATIENCE)
        caller = Caller(server.ports[0])
        caller.say("EHLO client")
        return caller.say("MAIL FROM:<a@b.example> SIZE=5001")

    with FarEnd(EHLO=ALL) as far:
        protocol = handler(far)
        assert serving(client, protocol=protocol).startswith("552 5.3.4")


def test_a_server_ends_although_one_that_it_asks_says_nothing(serving: Any) -> None:
    with FarEnd(greeting=SILENCE) as far:
        protocol = handler(far, smtp_timeouts={})
        assert serving(offered, protocol=protocol) == AT_FIRST  # and run() has returned


def test_companions_are_renewed_while_the_server_runs(serving: Any) -> None:
    with FarEnd(EHLO=ALL) as one, FarEnd(EHLO="250-far\r\n250 SIZE 8") as two:
        first, second = handler(one), handler(two)

        class Core(ServerCore):
            def companions(self) -> list[Any]:
                return list(current[0].companions())

        current = [first]

        def client(server: Any) -> bool:
            assert first.smtp_offers.recorded.acquire(timeout=PATIENCE)
            current[0] = second
            server.scheduler.callFromThread(server.renewCompanions)
            return bool(second.smtp_offers.recorded.acquire(timeout=PATIENCE))

        assert serving(client, kind=Core, protocol=lambda **info: first(**info))


# Warnings


@pytest.mark.parametrize(
    ("answers", "telling", "hint"),
    [
        ({"greeting": "554 5.7.1 not you"}, "no", 'set client_address to "proxy" or "xclient"'),
        ({"greeting": HANG_UP}, "no", 'set client_address to "proxy"'),
        ({"EHLO": "550 no", "HELO": "550 no"}, "xforward", 'set client_address to "proxy"'),
        ({"EHLO": "500 bad syntax", "HELO": "554 no"}, "proxy", "smtpd_upstream_proxy_protocol"),
    ],
)
def test_a_server_that_refuses_the_proxy_causes_one_warning_with_a_hint(
    serving: Any, caplog: pytest.LogCaptureFixture, answers: Any, telling: str, hint: str
) -> None:
    def client(server: Any) -> None:
        for _ in range(3):
            caller = Caller(server.ports[0])
            caller.begin()
            caller.send()

    with caplog.at_level(logging.WARNING, "Kamaelia.Apps.Grey"), FarEnd(**answers) as far:
        protocol = handler(far, smtp_client_address=telling, smtp_offer_interval=0)
        serving(client, protocol=protocol)
    (warning,) = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert hint in warning.getMessage()
    assert f"127.0.0.1, port {far.port}" in warning.getMessage()


def test_a_server_that_refuses_the_proxy_is_warned_of_at_start(
    serving: Any, caplog: pytest.LogCaptureFixture
) -> None:
    told = threading.Event()

    class Seen(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "refuses us at greeting: 554 5.7.1 not you: if it expects" in record.getMessage():
                told.set()

    seen = Seen(logging.WARNING)
    logging.getLogger("Kamaelia.Apps.Grey").addHandler(seen)
    try:
        with FarEnd(greeting="554 5.7.1 not you") as far:
            assert serving(lambda _: told.wait(PATIENCE), protocol=handler(far))
    finally:
        logging.getLogger("Kamaelia.Apps.Grey").removeHandler(seen)


def test_a_server_that_cannot_be_connected_to_is_no_case_for_the_hint(
    serving: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def client(server: Any) -> str:
        caller = Caller(server.ports[0])
        caller.begin()
        return caller.send()

    protocol = handler(nowhere(), smtp_offer_interval=0)
    assert serving(client, protocol=protocol) != GOOD["."]
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []
