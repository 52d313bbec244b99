"""The items of a choice, from a dict.

Example usage
-------------
    Graphline(MENU=Menu(), CHOOSER=DictChooser({"cats": ["tom.png", "kitty.png"]}), SHOW=Show(),
              linkages={("MENU", "outbox"): ("CHOOSER", "inbox"),
                        ("CHOOSER", "outbox"): ("SHOW", "inbox")}).run()

How does it work?
-----------------
A key on "inbox" chooses; the items of its list are sent one by one. A key that is not in the dict,
or that is the current choice, has no effect.

Termination: at a shutdownMicroprocess or producerFinished, which is passed on.
"""

from collections.abc import Generator, Hashable, Iterable, Mapping
from typing import Any

from Axon.Component import component
from Kamaelia.Util.SendWithRoom import sendWithRoom

__all__ = ["DictChooser"]


class DictChooser(component):
    """A component that sends the items of the list that a key chooses.

    options: {key: list}. allowDefault: True to send the first list before anything is chosen.
    """

    Inboxes = {
        "inbox": "a key",
        "option": "a dict of further options, which replace those with the same keys",
        "control": "a shutdown message",
    }
    Outboxes = {
        "outbox": "the items of the list",
        "signal": "the shutdown message from control",
    }

    def __init__(
        self,
        options: Mapping[Hashable, Iterable[Any]] | None = None,
        allowDefault: bool = False,
    ) -> None:
        super().__init__()
        self.options = dict(options or {})
        self.allowDefault = allowDefault
        self.currentOption: Hashable = None

    def main(self) -> Generator[int, None, None]:
        yield from self._sendDefault()
        while True:
            yield from self.waitForMessage()
            for options in self.Inbox("option"):
                self.options.update(options)
            for key in self.Inbox():
                if key in self.options and key != self.currentOption:
                    yield from self._choose(key)
            yield from self._sendDefault()
            if self.isShuttingDown():
                return

    def _sendDefault(self) -> Generator[int, None, None]:
        if self.allowDefault and self.currentOption is None and self.options:
            yield from self._choose(next(iter(self.options)))

    def _choose(self, key: Hashable) -> Generator[int, None, None]:
        self.currentOption = key
        for item in self.options[key]:
            if not (yield from sendWithRoom(self, item)):
                return


__kamaelia_components__ = (DictChooser,)
