"""PAR: components side by side."""

import pytest

from Axon.Component import component
from Axon.Ipc import errorInformation, producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.PAR import PAR


class Say(component):
    def __init__(self, *messages):
        super().__init__()
        self.messages = messages

    def main(self):
        for message in self.messages:
            self.send(message)
        self.send(producerFinished(self), "signal")
        return
        yield


class Echo(component):
    def main(self):
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self.send((self.tag, message))
            if self.isShuttingDown():
                return


def test_the_messages_of_all_components_leave_through_one_outbox():
    assert sorted(feed(PAR(Say(1, 2), Say(3)), control=[])["outbox"]) == [1, 2, 3]


def test_the_end_is_sent_once_when_all_have_ended():
    outcome = feed(PAR(Say(1), Say(2)), control=[])
    assert [type(each) for each in outcome["signal"]] == [producerFinished]


def test_a_control_message_goes_to_all_components_and_is_passed_on_at_the_end():
    for message in (producerFinished(), shutdownMicroprocess()):
        outcome = feed(PAR(Echo(tag=1), Echo(tag=2)), control=[message])
        assert outcome["signal"] == [message]


def test_messages_to_inbox_are_discarded_without_a_policy():
    whole = PAR(Echo(tag=1))
    assert feed(whole, inbox=["lost"])["outbox"] == []
    assert whole.dataReady() == 0


def test_a_policy_chooses_the_receivers_of_messages_to_inbox():
    whole = PAR(Echo(tag=0), Echo(tag=1), policy=lambda message, them: [them[message % 2]])
    assert sorted(feed(whole, inbox=[1, 2, 3])["outbox"]) == [(0, 2), (1, 1), (1, 3)]


def test_other_messages_to_signal_are_passed_on():
    class Complains(component):
        complaint = errorInformation(None)

        def main(self):
            self.send(self.complaint, "signal")
            yield 1

    outcome = feed(PAR(Complains()), control=[FINISHED])
    assert outcome["signal"] == [Complains.complaint, FINISHED]


@pytest.mark.parametrize("boxname", ["inbox", "control"])
def test_a_component_that_has_ended_receives_no_more_messages(boxname):
    ended, running = Say(), Echo(tag=1)
    whole = PAR(ended, running, policy=lambda message, them: them)

    class Later(component):
        def main(self):
            while not ended._isStopped():
                yield 1
            for _ in range(3):
                whole._deliver("more", boxname)
                yield 1
            whole._deliver(shutdownMicroprocess(), "control")

    Later().activate()
    feed(whole, control=[])
    assert ended.dataReady(boxname) == 0


async def asyncPolicy(message, them):
    """An async function, which cannot be a policy."""
    return them


def test_the_error_for_an_async_policy_names_it():
    with pytest.raises(
        TypeError, match=r"PAR_\d+: policy\(\) returned a coroutine, .* an iterable"
    ):
        feed(PAR(Echo(tag=1), policy=asyncPolicy), inbox=[1])


def test_a_policy_may_be_a_generator():
    def policy(message, them):
        yield them[message]

    assert feed(PAR(Echo(tag=0), Echo(tag=1), policy=policy), inbox=[1])["outbox"] == [(1, 1)]
