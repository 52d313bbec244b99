"""Sizes of inboxes, services, the interpreter and entity-relationship models as components."""

import io
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from Axon.AdaptiveCommsComponent import AdaptiveCommsComponent
from Axon.AxonExceptions import BadInbox, ServiceAlreadyExists
from Axon.Component import component
from Axon.CoordinatingAssistantTracker import coordinatingassistanttracker
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Experimental import Chassis
from Kamaelia.Experimental.ERParsing import ERModel2Visualiser, ERParser
from Kamaelia.Experimental.PythonInterpreter import InterpreterTransformer, StandaloneInterpreter
from Kamaelia.Experimental.Services import RegisterService, Subscribe, ToService
from Kamaelia.Util.DataSource import DataSource
from Kamaelia.Util.PassThrough import PassThrough

ORDER = shutdownMicroprocess()


# Chassis


def test_an_integer_in_a_pipeline_is_the_size_of_the_next_inbox() -> None:
    one, two, three = PassThrough(), PassThrough(), PassThrough()
    pipeline = Chassis.Pipeline(5, one, None, two, 2, three)
    sizes = [each.inboxes["inbox"].getSize() for each in (one, two, three)]
    assert sizes == [5, None, 2]
    assert feed(pipeline, inbox=[1, 2])["outbox"] == [1, 2]


def test_a_size_without_a_component_is_an_error() -> None:
    with pytest.raises(ValueError, match="size 3"):
        Chassis.Pipeline(PassThrough(), 3)


def test_boxsizes_of_a_graphline() -> None:
    a = PassThrough()
    linkages = {("", "inbox"): ("A", "inbox"), ("A", "outbox"): ("", "outbox")}
    boxsizes = {("A", "inbox"): 5, ("A", "control"): 17}
    graphline = Chassis.Graphline(A=a, linkages=linkages, boxsizes=boxsizes)
    assert [a.inboxes[name].getSize() for name in ("inbox", "control")] == [5, 17]
    assert feed(graphline, inbox=[1])["outbox"] == [1]
    with pytest.raises(KeyError):
        Chassis.Graphline(A=PassThrough(), linkages=linkages, boxsizes={("A", "in"): 5})


def test_boxsize_of_a_carousel_limits_each_component() -> None:
    made: list[component] = []

    def create(_: Any) -> component:
        made.append(PassThrough())
        return made[-1]

    feed(Chassis.Carousel(create, boxsize=3), next=["first"])
    assert made[0].inboxes["inbox"].getSize() == 3
    assert feed(Chassis.Carousel(create, make1stRequest=True))["requestNext"] == ["NEXT"]


def test_an_InboxControlledCarousel_takes_requests_from_inbox() -> None:
    carousel = Chassis.InboxControlledCarousel(lambda text: DataSource([text]))
    outcome = feed(carousel, inbox=["a"])
    assert outcome["outbox"] == ["a"]
    echo = Chassis.InboxControlledCarousel(lambda _: PassThrough(), boxsize=5)
    assert feed(echo, inbox=["start"], data_inbox=[1, 2])["outbox"] == [1, 2]


# Services


class Numbers(AdaptiveCommsComponent):
    """A service that sends each subscriber what it has asked for, and remembers the requests."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Any] = []

    def main(self) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for verb, request, destination in self.Inbox():
                self.requests.append((verb, request))
                if verb == "ADD":
                    outbox = self.addOutbox("outbox")
                    self.link((self, outbox), destination)
                    self.send(request, outbox)
            if self.isShuttingDown():
                return


def test_a_subscriber_forwards_what_the_service_sends_and_cancels_in_reverse_order() -> None:
    service = RegisterService(Numbers(), {"numbers": "inbox"}).activate()
    subscriber = Subscribe("numbers", 5, 6)

    def endAfterTwo(outcome: Any) -> bool:
        if len(outcome["outbox"]) == 2 and not outcome["signal"]:
            subscriber.deliver("hint", "control")
            subscriber.deliver(FINISHED, "control")
        return False

    outcome = feed(subscriber, control=[], until=endAfterTwo)
    assert outcome["outbox"] == [5, 6]
    assert outcome["signal"][:2] == ["hint", FINISHED]
    assert service.requests[:2] == [("ADD", 5), ("ADD", 6)]
    left = [message[:2] for message in service.inboxes["inbox"]]
    assert service.requests[2:] + left == [("REMOVE", 6), ("REMOVE", 5)]


def test_ToService_leads_its_inbox_to_the_service() -> None:
    service = component()
    RegisterService(service, {"sink": "inbox"})
    outcome = feed(ToService("sink"), inbox=["a", "b"])
    assert list(service.inboxes["inbox"]) == ["a", "b"]
    assert outcome["signal"] == [FINISHED]
    assert feed(ToService("sink"), control=[ORDER])["signal"] == [ORDER]


@pytest.mark.parametrize("user", [Subscribe, ToService])
def test_a_service_that_does_not_exist_is_an_error_that_names_it(user: Any) -> None:
    RegisterService(component(), {"another": "inbox"})
    with pytest.raises(KeyError, match=r"'missing' is registered; .*'another'"):
        feed(user("missing"))


def test_all_services_are_registered_or_none() -> None:
    with pytest.raises(BadInbox):
        RegisterService(component(), {"good": "inbox", "bad": "no such box"})
    assert coordinatingassistanttracker.getcat().servicesRegistered() == []
    RegisterService(component(), {"good": "inbox"})
    with pytest.raises(ServiceAlreadyExists):
        RegisterService(component(), {"good": "inbox"})


# The interpreter


def test_statements_are_executed_and_their_values_sent() -> None:
    lines = ["x = 20", "x + 1\n", b"'text'", "print('a')", "def f():\n  return 3\n\nf()"]
    outcome = feed(InterpreterTransformer(), inbox=lines)
    assert outcome["outbox"] == [" ", " ", 21, "text", "a\n", " ", 3]
    assert outcome["signal"] == [FINISHED]


def test_an_error_is_sent_as_a_traceback_and_the_next_statement_runs() -> None:
    _, trace, value = feed(InterpreterTransformer(), inbox=["1/0", "2"])["outbox"]
    assert trace.endswith("ZeroDivisionError: division by zero\n")
    assert value == 2


def test_statements_find_the_running_system() -> None:
    outcome = feed(InterpreterTransformer(), inbox=["self.scheduler is not None and Axon.__name__"])
    assert outcome["outbox"][1] == "Axon"


def test_SystemExit_ends_it() -> None:
    outcome = feed(InterpreterTransformer(), inbox=["raise SystemExit", "1"], control=[])
    assert outcome["outbox"] == [" "]
    assert isinstance(outcome["signal"][0], producerFinished)


def test_shutdownMicroprocess_ends_the_interpreter_and_is_passed_on() -> None:
    assert feed(InterpreterTransformer(), control=[ORDER])["signal"] == [ORDER]


def test_more_values_than_the_queue_takes_are_sent_in_order() -> None:
    lines = [str(number) for number in range(1, 50)]
    outcome = feed(InterpreterTransformer(queuelengths=3), inbox=lines)
    assert outcome["outbox"] == [" ", *range(1, 50)]


def test_a_prompt_on_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("1 + 1\nprint('x')\nif 1:\n  'y'\n\n"))
    outcome = feed(StandaloneInterpreter(), control=[])
    assert capsys.readouterr().out == "> 2\n> x\n> > > > "
    assert isinstance(outcome["signal"][0], producerFinished)
    monkeypatch.setattr(sys, "stdin", io.StringIO("exit()\n1\n"))
    feed(StandaloneInterpreter(), control=[])
    assert "1" not in capsys.readouterr().out


# Entity-relationship models

LINES = ["entity a:\n", b"    simpleattributes x\n", "relation R(a,b)\n"]
MODEL = [
    ["entity", {"name": "a", "simpleattributes": ["x"]}],
    ["relation", {"name": "R", "entities": ["a", "b"]}],
]


def test_a_model_is_sent_when_all_lines_have_arrived() -> None:
    outcome = feed(ERParser(), inbox=LINES)
    assert outcome == {"outbox": [MODEL], "signal": [FINISHED], "error": []}


def test_a_line_that_is_no_part_of_a_model_is_an_error() -> None:
    outcome = feed(ERParser(), inbox=["entity a", "nonsense"])
    assert [error.message for error in outcome["error"]] == ["nonsense"]
    assert (outcome["outbox"], outcome["signal"]) == ([], [FINISHED])


def test_the_commands_for_a_viewer_are_sent() -> None:
    outcome = feed(ERModel2Visualiser(), inbox=[MODEL[:1], MODEL[1:], 3, [["entity", {}]]])
    assert len(outcome["outbox"]) == 6
    assert outcome["outbox"][0] == "ADD NODE e.a a auto entity"
    assert [error.message for error in outcome["error"]] == [3, [["entity", {}]]]
    assert outcome["signal"] == [FINISHED]


@pytest.mark.parametrize("kind", [ERParser, ERModel2Visualiser])
def test_shutdownMicroprocess_ends_them_too(kind: Any) -> None:
    assert feed(kind(), control=[ORDER])["signal"] == [ORDER]
