"""The policy service, by its bytes: what it answers, counts and records."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Axon.Component import component
from Axon.testing import feedConnection
from Axon.WriteGate import WriteGate
from Kamaelia.Apps.Grey.Delegation.DelegatedMail import DelegatedMail
from Kamaelia.Apps.Grey.Delegation.PolicyRequestHandler import PolicyRequestHandler
from Kamaelia.Apps.Grey.Delegation.PolicyService import LastStage, PolicyService
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Apps.Grey.Stores import StoreFailed
from Kamaelia.Apps.Grey.Stores.Later import Later
from Kamaelia.Support.Greylist.Conditions import Conditions
from Kamaelia.Support.Greylist.Lists import Lists
from Kamaelia.Support.Greylist.Report import Report
from Kamaelia.Support.Greylist.Rules import HOUR, Decision, Regular, Rules
from Kamaelia.Support.Protocol.PolicyDelegation import PolicyRequest
from Tests.Kamaelia.sockets import dial, readAll

DELAY = 300.0
PASSES = "DUNNO"
GREYLISTED = "DEFER_IF_PERMIT 4.7.1 Greylisted, please try again in 300 seconds"


class Service:
    """A service whose clock a test sets; `log` has the records of its mails."""

    def __init__(self, **settings: Any) -> None:
        ours = {name: settings.pop(name) for name in PolicyService._fields if name in settings}
        rules = settings.pop("rules", Rules(too_soon=0, min_defer_time=DELAY, client_passes=2))
        self.now = 1_000_000.0
        self.log: list[dict[str, Any]] = []
        self.greylist = Greylist(
            store="memory:",
            rules=rules,
            clock=lambda: self.now,
            journal=self.log.append,
            **({"decide_at": "rcpt", "null_senders": "data"} | settings),
        )
        self.service = PolicyService(self.greylist, LastStage(), **ours)

    def ask(self, *requests: bytes) -> list[str]:
        """The actions that one connection gets, without the ids of mails."""
        said = feedConnection(PolicyRequestHandler(service=self.service), *requests).decode()
        parts = said.split("\n\n")
        assert parts.pop() == ""
        assert all(each.startswith("action=") for each in parts)
        return [re.sub(r" \([0-9a-f]{12}\)$", "", each.removeprefix("action=")) for each in parts]

    def counted(self) -> list[tuple[str, Regular]]:
        return list(self.greylist.opened.regulars())


def request(
    recipient: str = "c@example.org",
    stage: str = "RCPT",
    sender: str = "a@b.example",
    instance: str = "1",
    peer: str = "192.0.2.7",
    **more: str,
) -> bytes:
    attributes = {
        "request": "smtpd_access_policy",
        "protocol_state": stage,
        "client_address": peer,
        "sender": sender,
        "recipient": recipient,
        "instance": instance,
    }
    return "".join(f"{k}={v}\n" for k, v in (attributes | more).items()).encode() + b"\n"


def test_a_first_mail_is_deferred_and_its_retry_is_accepted_with_a_header() -> None:
    grey = Service(hostname="mx.example.org")
    assert grey.ask(request()) == [GREYLISTED]
    grey.now += 318
    (action,) = grey.ask(request(instance="2"))
    when = "Mon, 12 Jan 1970 13:51:58 -0000"
    about = "delayed 318 seconds by Kamaelia Grey at mx.example.org"
    assert action == f"PREPEND X-Greylist: {about}; {when}"
    assert grey.ask(request(instance="3")) == [PASSES]


def test_a_mail_gets_one_header_however_many_recipients_have_passed() -> None:
    grey = Service()
    both = [request("c@example.org"), request("e@example.org"), request("c@example.org")]
    assert grey.ask(*both) == [GREYLISTED] * 3
    grey.now += DELAY
    actions = grey.ask(*both)
    assert [each.split()[0] for each in actions] == ["PREPEND", PASSES, PASSES]


def test_the_header_can_be_turned_off() -> None:
    grey = Service(addsHeader=False)
    grey.ask(request())
    grey.now += DELAY
    assert grey.ask(request()) == [PASSES]


def test_a_recipient_is_decided_once_in_a_mail_however_often_it_is_asked_about() -> None:
    grey = Service(rules=Rules(too_soon=0, min_defer_time=0.0))
    grey.ask(request())
    assert len({*grey.ask(request(instance="2"), request(instance="2"))}) == 2  # one has the header
    ((_, record),) = grey.greylist.opened.known()
    assert record.passes == 1


def test_a_dry_run_defers_nothing_and_records_what_it_would_have_done() -> None:
    grey = Service(dry_run=True, tarpit=9e9)
    assert grey.ask(request(), request(stage="END-OF-MESSAGE")) == [PASSES] * 2
    assert grey.counted() == []  # a mail that would be deferred makes no client known
    grey.now += DELAY
    (action,) = grey.ask(request(instance="2"))
    assert action.startswith("PREPEND X-Greylist")
    first, second = [each["recipients"][0] for each in grey.log]
    about = {"address": "c@example.org", "verdict": "accepted"}
    assert first == about | {"reason": "dry run: never seen", "wait": 300}
    assert second == about | {"reason": "waited long enough", "delay": 300}
    assert grey.log[0]["status"] == "ACCEPTED"


def test_recipients_and_hours_decide_whether_greylisting_applies() -> None:
    grey = Service(conditions=Conditions(["@example.org"]))
    assert grey.ask(request(), request("c@example.net")) == [GREYLISTED, PASSES]
    assert [each["reason"] for each in grey.log[0]["recipients"]] == ["never seen", "not opted in"]
    minute = time.localtime(grey.now).tm_hour * 60 + time.localtime(grey.now).tm_min
    begin, end = (f"{(minute + more) // 60 % 24:02}:{(minute + more) % 60:02}" for more in (1, 9))
    assert Service(conditions=Conditions(hours=[f"{begin}-{end}"])).ask(request()) == [PASSES]
    assert Service(conditions=Conditions(hours=[f"{end}-{begin}"])).ask(request()) == [GREYLISTED]


def test_a_recipient_may_have_a_delay_of_its_own() -> None:
    grey = Service(conditions=Conditions(delays=["d@example.org 1m"]))
    ours, others = grey.ask(request("d@example.org"), request())
    assert (ours, others) == (GREYLISTED.replace("300", "60"), GREYLISTED)
    grey.now += 60
    ours, others = grey.ask(request("d@example.org", instance="2"), request(instance="2"))
    assert ours.startswith("PREPEND")
    assert others == GREYLISTED.replace("300", "240")


def test_requests_without_an_instance_are_mails_of_their_own() -> None:
    grey = Service(rules=Rules(too_soon=0, min_defer_time=0.0))
    actions = grey.ask(request(instance=""), request(instance=""), request(instance=""))
    assert [each.split()[0] for each in actions] == ["DEFER_IF_PERMIT", "PREPEND", PASSES]


def test_another_sender_with_the_same_instance_is_another_mail() -> None:
    """Postfix has an instance for each mail. Whatever else asks may not: no mail lends another one
    its decision.
    """
    grey = Service()
    grey.ask(request())
    grey.now += DELAY
    passed, other = grey.ask(request(), request(sender="other@b.example"))
    assert passed.startswith("PREPEND X-Greylist")
    assert other == GREYLISTED
    assert [each["sender"] for each in grey.log[-2:]] == ["a@b.example", "other@b.example"]


def test_the_deferral_may_be_451() -> None:
    (action,) = Service(deferral="451").ask(request())
    assert action == "451 4.7.1 Greylisted, please try again in 300 seconds"


@pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "HELO", "MAIL", "VRFY", "ETRN", "", "junk"])
def test_a_stage_without_a_recipient_has_no_opinion_and_leaves_no_trace(stage: str) -> None:
    grey = Service()
    assert grey.ask(request(stage=stage)) == [PASSES]
    assert list(grey.greylist.opened.known()) == []


@pytest.mark.parametrize(
    ("settings", "more", "reason"),
    [
        ({}, {"sasl_username": "ann"}, "authenticated client"),
        ({"trusted": Lists(clients=["192.0.2.0/24"])}, {}, "trusted client"),
        ({"opted_out": Lists(recipients=["c@example.org"])}, {}, "opted out"),
        (
            {"allowed": Lists(clients=["*.b.example"])},
            {"client_name": "mx.b.example"},
            "allowed: *.b.example",
        ),
        ({"null_senders": "accept"}, {"sender": ""}, "null sender"),
    ],
)
def test_what_is_not_greylisted_passes_at_once(
    settings: dict[str, Any], more: dict[str, str], reason: str
) -> None:
    grey = Service(**settings)
    assert grey.ask(request(**more)) == [PASSES]
    assert [each["reason"] for each in grey.log[0]["recipients"]] == [reason]


def test_a_name_that_postfix_has_not_verified_is_not_believed() -> None:
    grey = Service(allowed=Lists(clients=["*.b.example"]))
    more = {"client_name": "unknown", "reverse_client_name": "mx.b.example"}
    assert grey.ask(request(**more)) == [GREYLISTED]


def test_a_denied_mail_is_refused_and_recorded_with_the_reason() -> None:
    grey = Service(denied=Lists(senders=["@b.example"]))
    assert grey.ask(request()) == ["550 5.7.1 This recipient is not accepted here"]
    refusal, mail = grey.log
    assert (refusal["event"], refusal["stage"], refusal["reason"]) == ("refusal", "RCPT", "denied")
    assert (mail["status"], mail["id"]) == ("REFUSED", refusal["id"])


# What is decided at DATA


def test_a_null_sender_is_decided_at_data_for_all_its_recipients() -> None:
    grey = Service()
    rcpts = [request("c@example.org", sender=""), request("e@example.org", sender="")]
    data = request("", "DATA", sender="")
    assert grey.ask(*rcpts, data) == [PASSES, PASSES, GREYLISTED]
    grey.now += DELAY
    actions = grey.ask(*rcpts, data)
    assert [each.split()[0] for each in actions] == [PASSES, PASSES, "PREPEND"]


def test_a_mail_is_accepted_at_data_only_if_every_recipient_is() -> None:
    grey = Service(decide_at="data")
    grey.ask(request("c@example.org"), request("c@example.org", "DATA"))
    grey.now += DELAY
    both = [request("c@example.org"), request("e@example.org"), request("", "DATA")]
    assert grey.ask(*both)[-1] == GREYLISTED
    assert [each["status"] for each in grey.log] == ["DEFERRED", "DEFERRED"]
    assert grey.counted() == []


@pytest.mark.parametrize("recipient", ["c@example.org", ""])
def test_a_service_that_is_asked_only_at_data_decides_there(recipient: str) -> None:
    grey = Service()
    assert grey.ask(request(recipient, "DATA")) == [GREYLISTED]
    grey.now += DELAY
    (action,) = grey.ask(request(recipient, "DATA"))
    assert action.startswith("PREPEND")


def test_a_mail_that_passed_at_rcpt_is_not_decided_again_at_data() -> None:
    grey = Service()
    grey.ask(request())
    grey.now += DELAY
    mail = [request(), request(stage="DATA"), request(stage="END-OF-MESSAGE")]
    assert [each.split()[0] for each in grey.ask(*mail)] == ["PREPEND", PASSES, PASSES]


# What counts for a client


@pytest.mark.parametrize("stages", [["RCPT"], ["RCPT", "DATA"], ["RCPT", "DATA", "END-OF-MESSAGE"]])
def test_a_mail_counts_once_when_it_is_accepted_at_the_last_stage(stages: list[str]) -> None:
    grey = Service()
    grey.ask(*[request(stage=each) for each in ("RCPT", *stages[1:])])
    grey.now += DELAY
    for last in range(1, len(stages) + 1):
        grey.ask(*[request(stage=each, instance="2") for each in stages[:last]])
        assert bool(grey.counted()) == (last == len(stages))
    assert grey.counted() == [("192.0.2.7", Regular(1, grey.now))]


def test_a_client_that_has_sent_enough_accepted_mails_is_not_delayed() -> None:
    grey = Service()
    grey.ask(request())
    for _ in range(2):
        grey.now += HOUR
        grey.ask(request(instance=str(grey.now)))
    assert grey.ask(request(sender="new@b.example", instance="new")) == [PASSES]


def test_a_mail_does_not_help_its_own_recipients() -> None:
    grey = Service(rules=Rules(too_soon=0, min_defer_time=DELAY, client_passes=1))
    grey.ask(request())
    grey.now += DELAY
    passed, first = grey.ask(request(), request("e@example.org"))
    assert (passed.split()[0], first) == ("PREPEND", GREYLISTED)


def test_a_mail_that_is_deferred_at_data_does_not_count() -> None:
    grey = Service(decide_at="data")
    grey.ask(request("c@example.org"), request("", "DATA"))
    grey.now += DELAY
    grey.ask(request("c@example.org"), request("e@example.org"), request("", "DATA"))
    assert grey.counted() == []


def test_a_deferred_mail_does_not_count() -> None:
    grey = Service()
    grey.ask(request())
    assert grey.counted() == []


# Records


def test_a_mail_has_one_record_with_all_its_recipients() -> None:
    grey = Service()
    grey.ask(request("c@example.org"), request("e@example.org"), request(instance="2"))
    first, second = grey.log
    assert [each["address"] for each in first["recipients"]] == ["c@example.org", "e@example.org"]
    assert [each["verdict"] for each in first["recipients"]] == ["deferred", "deferred"]
    assert (first["status"], second["status"]) == ("DEFERRED", "DEFERRED")
    assert first["id"] != second["id"]
    counters = grey.greylist.opened
    counters.flush()
    assert counters.counters()["mails/deferred"] == 2


@pytest.mark.parametrize("deferral", ["DEFER_IF_PERMIT", "451"])
def test_the_record_has_the_action_that_postfix_was_told_and_the_time_of_its_question(
    deferral: str,
) -> None:
    grey = Service(deferral=deferral, denied=Lists(recipients=["no@example.org"]))
    grey.ask(request())
    grey.ask(request("no@example.org", instance="2"))
    grey.now += DELAY
    grey.ask(request("c@example.org", instance="3"), request("", "END-OF-MESSAGE", instance="3"))
    grey.ask(request("c@example.org", instance="4"))
    told = [
        re.sub(r" \([0-9a-f]{12}\)$", "", each["reply"]) for each in grey.log if "sender" in each
    ]
    greylisted, header = GREYLISTED.replace("DEFER_IF_PERMIT", deferral), "PREPEND X-Greylist: "
    assert told[:2] == [greylisted, "550 5.7.1 This recipient is not accepted here"]
    assert told[2].startswith(header)
    assert told[3] == PASSES


@pytest.mark.parametrize("stage", ["RCPT", "END-OF-MESSAGE"])
def test_the_record_has_the_answer_that_deferred_a_mail_at_whatever_stage(stage: str) -> None:
    grey = Service()
    grey.ask(request(stage=stage))
    assert GREYLISTED.partition(" ")[2] in grey.log[0]["reply"]


def test_a_mail_is_recorded_with_the_time_of_its_last_question() -> None:
    grey = Service()
    asked = PolicyRequest("RCPT", "192.0.2.7", sender="<a@b.example>", recipient="<c@example.org>")
    mail = DelegatedMail(grey.service, asked, now=0.0)
    mail.actionFor(asked, now=0.0)
    grey.now += 4.5
    mail.write()
    assert grey.log[0]["time"] == 1_000_000.0


def test_the_report_counts_mails_and_recipients_as_the_counters_do() -> None:
    grey = Service(trusted=Lists(clients=["192.0.2.99"]))
    grey.ask(request("c@example.org"), request("e@example.org"), request(peer="192.0.2.99"))
    grey.now += DELAY
    grey.ask(request("c@example.org"), request("f@example.org"))
    report = Report(lambda peer: peer, latest=3600.0)
    for each in grey.log:
        report.add(each)
    store = grey.greylist.opened
    store.flush()
    counted = {"mails": Counter[str](), "recipients": Counter[str]()}
    for name, by in store.counters().items():
        first, _, rest = name.partition("/")
        if first in counted:
            counted[first][rest.partition("/")[0]] += by
    assert counted == {"mails": report.statuses, "recipients": report.verdicts}
    assert report.verdicts == {"deferred": 3, "accepted": 2}


def test_the_id_in_the_answer_is_that_of_the_record() -> None:
    grey = Service()
    said = feedConnection(PolicyRequestHandler(service=grey.service), request()).decode()
    assert f"({grey.log[0]['id']})" in said


# Addresses


@pytest.mark.parametrize("address", ["root", "@", "a b", "x" * 400, "\u00fc", "a\x1bb@example.org"])
def test_any_address_is_greylisted(address: str) -> None:
    grey = Service()
    for name in ("sender", "recipient"):
        assert grey.ask(request(**{name: address})) == [GREYLISTED]
    grey.now += DELAY
    for name in ("sender", "recipient"):
        (action,) = grey.ask(request(**{name: address}))
        assert action.startswith("PREPEND")


@given(st.text(st.characters(exclude_characters="\n\0", codec="utf-8"), max_size=80))
def test_no_address_is_an_error(address: str) -> None:
    (action,) = Service().ask(request(recipient=address, sender=address))
    assert action in (PASSES, GREYLISTED)


# Errors


@pytest.mark.parametrize(
    ("on_failure", "action"),
    [
        (
            "defer",
            "DEFER_IF_PERMIT 4.3.0 The mail cannot be checked at present, please try again later",
        ),
        ("accept", PASSES),
    ],
)
def test_a_store_that_fails_defers_or_accepts_as_configured(
    monkeypatch: pytest.MonkeyPatch, on_failure: str, action: str
) -> None:
    grey = Service(on_failure=on_failure)

    def fails(*about: Any) -> Decision:
        raise StoreFailed("it is away: bring it back")

    monkeypatch.setattr(grey.greylist.opened, "decide", fails)
    assert grey.ask(request()) == [action]


def test_an_error_defers_and_the_connection_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    grey = Service()
    decide = grey.greylist.opened.decide
    monkeypatch.setattr(grey.greylist.opened, "decide", lambda *about: 1 / 0)
    failed = "DEFER_IF_PERMIT 4.3.0 Local error, please try again later"
    assert grey.ask(request(), request("", "VRFY")) == [failed, PASSES]
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.setattr(grey.greylist.opened, "decide", decide)
    assert grey.ask(request()) == [GREYLISTED]


def later(answer: Decision | None) -> Callable[..., Decision]:
    """A store that answers some turns later, or never if there is no answer."""

    def decide(*about: Any) -> Decision:
        future = asyncio.get_running_loop().create_future()
        if answer is not None:
            future.get_loop().call_later(0.001, future.set_result, answer)
        raise Later(future)

    return decide


def test_a_store_that_answers_later_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, serving: Any
) -> None:
    grey = Service()
    answer = Decision(False, "never seen", 300)
    monkeypatch.setattr(grey.greylist.opened, "decide", later(answer))
    said = serving(talk(request(), request("e@example.org")), protocol=handlers(grey))
    assert said.count(GREYLISTED.encode()) == 2


@pytest.mark.parametrize("stage", ["DATA", "END-OF-MESSAGE"])
def test_a_store_that_answers_later_decides_also_if_rcpt_was_not_asked_about(
    monkeypatch: pytest.MonkeyPatch, serving: Any, stage: str
) -> None:
    grey = Service()
    monkeypatch.setattr(grey.greylist.opened, "decide", later(Decision(False, "never seen", 300)))
    said = serving(talk(request(stage=stage)), protocol=handlers(grey))
    assert GREYLISTED.encode() in said


def test_a_client_that_leaves_while_the_store_is_asked_is_no_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    grey = Service()
    monkeypatch.setattr(grey.greylist.opened, "decide", later(None))
    grey.ask(request())
    assert caplog.records == []


def test_a_store_that_never_answers_defers_the_mail(
    monkeypatch: pytest.MonkeyPatch, serving: Any
) -> None:
    grey = Service(policy_timeout=0.01)
    monkeypatch.setattr(grey.greylist.opened, "decide", later(None))
    said = serving(talk(request()), protocol=handlers(grey))
    assert said == b"action=DEFER_IF_PERMIT 4.3.0 Local error, please try again later\n\n"


@pytest.mark.parametrize("data", [b"\0", b"GET / HTTP/1.1\r\n\r\n", b"\n", b"x" * 100_000])
def test_what_is_no_request_ends_the_connection_and_only_this_one(
    serving: Any, data: bytes
) -> None:
    grey = Service()

    def client(server: Any) -> tuple[bytes, bytes]:
        bad = talk(request(), data + b"\n\n", isClosed=True)(server)
        return bad, talk(request())(server)

    bad, good = serving(client, protocol=handlers(grey))
    assert bad.count(b"action=") == 1
    assert good.startswith(b"action=DEFER_IF_PERMIT")


def test_a_client_that_disappears_within_a_request_leaves_nothing(serving: Any) -> None:
    grey = Service()

    def client(server: Any) -> bytes:
        with dial(server.ports[0]) as gone:
            gone.sendall(request()[:-1])
        return talk(request())(server)

    assert serving(client, protocol=handlers(grey)).startswith(b"action=DEFER_IF_PERMIT")
    assert len(list(grey.greylist.opened.known())) == 1


def test_a_client_that_sends_nothing_is_disconnected(serving: Any) -> None:
    grey = Service(idle_timeout=0.01)
    assert serving(talk(isClosed=True), protocol=handlers(grey)) == b""


class Peer(component):
    """Sends each piece after a pause, and then nothing; `lasted` is when the service closes."""

    pieces: tuple[bytes, ...] = ()
    pause_: float = 0.0
    lasted = 0.0

    def main(self) -> Any:
        handler = PolicyRequestHandler(service=self.grey.service)
        self.link((self, "outbox"), (handler, "inbox"))
        self.link((handler, "signal"), (self, "control"))
        self.link((handler, "outbox"), (self, "inbox"))
        self.addChildren(handler.activate())
        for piece in self.pieces:
            yield from self.waitForMessage("control", timeout=self.pause_)
            self.send(piece)
        yield from self.waitForMessage("control")
        self.lasted = self.scheduler.timers.clock.now()


@pytest.mark.parametrize(
    ("pieces", "pause", "seconds"),
    [
        ((), 0.0, 100.0),
        ((request()[:1],), 0.0, 100.0),
        (tuple(bytes([each]) for each in request()[:-1]), 3.0, 103.0),
        ((request(),), 0.0, 1200.0),
        ((request(), request()[:9], request()[9:]), 90.0, 270.0 + 1200.0),
        ((request()[:5], request()[5:] + request()[:5], request()[5:]), 90.0, 270.0 + 1200.0),
    ],
    ids=["nothing", "one octet", "octet by octet", "idle", "a request in time", "several"],
)
def test_a_peer_has_limited_time_for_a_request(
    virtualClock: Any, pieces: tuple[bytes, ...], pause: float, seconds: float
) -> None:
    peer = Peer(grey=Service(), pieces=pieces, pause_=pause)
    start = virtualClock.now()
    peer.run()
    assert peer.lasted - start == pytest.approx(seconds)


class Unread(component):
    """Sends questions and does not read the answers, which hold the service after the first."""

    def main(self) -> Any:
        self.answers: list[bytes] = []
        gate = WriteGate(self)
        gate.shut()
        handler = PolicyRequestHandler(service=self.grey.service)
        self.link((self, "outbox"), (handler, "inbox"))
        self.link((handler, "signal"), (self, "control"))
        self.link((handler, "outbox"), (self, "inbox"))
        self.takeDirectly("inbox", lambda answer: (self.answers.append(answer), gate)[1])
        self.addChildren(handler.activate())
        yield from self.waitForMessage("control", timeout=1.0)  # the service has begun
        for number in range(3):
            self.send(request(f"c{number}@example.org"))
        self.isHeldByService = self.isHeld()
        gate.open()
        yield from self.waitForMessage("control")


def test_a_peer_that_does_not_read_its_answers_is_disconnected(
    virtualClock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    peer = Unread(grey=Service())
    peer.run()
    assert peer.isHeldByService
    assert len(peer.answers) == 1
    assert "the answers to earlier ones are not read" in caplog.text


def test_many_requests_at_once_are_all_answered_in_their_order(serving: Any) -> None:
    grey = Service(policy_timeout=20.0)
    asked = [request(f"c{number % 7}@example.org", instance=f"{number}") for number in range(50)]
    said = serving(talk(*asked), protocol=handlers(grey))
    assert said.count(b"action=DEFER_IF_PERMIT") == 50


def handlers(grey: Service) -> Callable[..., PolicyRequestHandler]:
    return lambda **address: PolicyRequestHandler(service=grey.service)


def talk(*requests: bytes, isClosed: bool = False) -> Callable[[Any], bytes]:
    """Send the requests over a connection; return the answers. isClosed: the server closes it."""

    def client(server: Any) -> bytes:
        with dial(server.ports[0]) as sock:
            sock.sendall(b"".join(requests))
            if isClosed:
                return readAll(sock)
            said = b""
            while said.count(b"\n\n") < len(requests):
                said += sock.recv(65536)
            return said

    return client
