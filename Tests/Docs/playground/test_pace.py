"""The pace of turns, and the picture that is sent between them, without a browser."""

import json

from Axon.Component import component
from Axon.Scheduler import scheduler
from Docs.playground.attempt import Attempt
from Docs.playground.lessons import LESSONS, textsOf
from Docs.playground.miniaxon import ADDED, OwnCore, withCalls
from Docs.playground.pace import Pace
from Docs.playground.stage import Stage
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Util.DataSource import DataSource


class Keeps(component):
    def main(self):
        self.kept = []
        while True:
            yield from self.waitForMessage()
            self.kept.extend(self.Inbox())
            if self.isShuttingDown():
                return


def played(rest, first):
    """Run a pipeline on a stage. Return what its sink has kept, and the messages of the picture."""
    messages = []
    stage = Stage(lambda text: messages.append(json.loads(text)), rest(lambda: stage), first)
    stage.open()
    sink = Keeps()
    Pipeline(DataSource(range(30)), sink).run()
    stage.close()
    return sink.kept, messages


def test_pauses_become_shorter_and_end():
    pauses = []
    kept, messages = played(lambda _: pauses.append, 0.4)
    slow = [each for each in pauses if each > 0]
    assert kept == list(range(30))
    assert slow == sorted(slow, reverse=True)
    assert slow[0] == 0.4
    drawn = {each["class"] for message in messages for each in message.get("components", ())}
    assert drawn == {"Pipeline", "DataSource", "Keeps"}


def test_a_paused_system_gets_single_turns_until_it_is_released():
    turns = []

    def rest(stageOf):
        def act(_):
            pace = stageOf().pace
            turns.append(scheduler.run.queue.turns)
            if len(turns) == 1:
                pace.pause()
            elif len(turns) in (3, 5):
                pace.step()
            elif len(turns) == 8:
                pace.release()

        return act

    kept, messages = played(rest, 0.4)
    assert kept == list(range(30))
    assert turns[7] - turns[0] == 2
    assert any(each.get("isPaused") for each in messages)


def test_an_own_core_is_drawn_with_its_postmen_as_linkages():
    messages = []
    core = OwnCore(Pace(lambda _: None, 0.4), lambda text: messages.append(json.loads(text)))
    attempt = Attempt(textsOf(LESSONS["mini_axon_4"]).answer)
    attempt.names[ADDED] = core.defined
    attempt.run(withCalls)
    assert attempt.error is None
    assert attempt.lines == ["10"]
    drawn = {each["class"] for message in messages for each in message.get("components", ())}
    linked = {
        (each["sourceBox"], each["sinkBox"])
        for message in messages
        for each in message.get("linkages", ())
    }
    assert drawn == {"Numbers", "Total"}
    assert linked == {("outbox", "inbox"), ("signal", "control")}
