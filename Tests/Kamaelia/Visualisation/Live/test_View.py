"""What one viewer of a system is sent, without a browser and without a component."""

import json

from Axon.Component import component
from Axon.Scheduler import scheduler
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Visualisation.Live.View import Observation, View


class Sends(component):
    def main(self):
        for number in range(3):
            self.send(number)
            yield


class Waits(component):
    def main(self):
        while True:
            yield from self.waitForMessage()


def begun():
    """Return a view of a pipeline, the messages that it sends, and the steps of the run."""
    messages = []
    run = scheduler.run
    view = View(Observation(run), run.brake, lambda text: messages.append(json.loads(text)))
    view.open()
    Pipeline(Sends(), Waits()).activate()
    return view, messages, run.main()


def test_the_whole_system_comes_first_and_then_the_changes():
    view, messages, steps = begun()
    for _ in range(3):
        next(steps)
    view.sendChanges(1.0)
    assert [each["class"] for each in messages[0]["components"]] == ["Pipeline", "Sends", "Waits"]
    for _ in range(8):
        next(steps)
    view.sendChanges(2.0)
    assert messages[-1]["type"] == "change"
    view.close()
    steps.close()


def test_nothing_is_sent_while_nothing_changes():
    view, messages, steps = begun()
    next(steps)
    view.sendChanges(1.0)
    sent = len(messages)
    view.sendChanges(2.0)
    assert len(messages) == sent > 0
    view.close()
    steps.close()


def test_a_request_is_answered():
    view, messages, steps = begun()
    for _ in range(3):
        next(steps)
    view.sendChanges(1.0)
    number = messages[0]["components"][1]["id"]
    view.answer(json.dumps({"type": "choose", "id": number}))
    assert messages[-1]["type"] == "details"
    assert messages[-1]["className"].endswith("Sends")
    view.answer("no JSON")
    assert messages[-1]["type"] == "mistake"
    view.close()
    steps.close()
