"""Components that parse entity-relationship models, and show them in a graph viewer.

Example usage
-------------
    Pipeline(SimpleReader("model"), ERParser(), ERModel2Visualiser(), ConsoleEchoer()).run()

How does it work?
-----------------
The lines are collected, and parsed when they have all arrived: see Kamaelia.Support.Data.ERModel.
A line that is no part of a model is reported to "error"; then no model is sent.

Termination: at a producerFinished or shutdownMicroprocess, after the result has been sent.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from Axon.Component import component
from Axon.Ipc import errorInformation
from Kamaelia.Support.Data.ERModel import (
    ParseError,
    commandsOf,
    parse_model,
    parseEntityLine,
    parseMultilineEntity,
    parser,
    parseRelationLine,
    parseSimpleAttributes,
)
from Kamaelia.Util.SendWithRoom import sendWithRoom

__all__ = [
    "ERModel2Visualiser",
    "ERParser",
    "ParseError",
    "parseEntityLine",
    "parseMultilineEntity",
    "parseRelationLine",
    "parseSimpleAttributes",
    "parse_model",
    "parser",
]


class ERParser(component):
    """ERParser(): parses the lines of a model, and sends the model when all have arrived."""

    Inboxes = {"inbox": "text or bytes: a line of a model", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "list: the model, a list of [kind, dict]",
        "signal": "the shutdown message from control",
        "error": "errorInformation: a line that is no part of a model",
    }

    def main(self) -> Generator[int, None, None]:
        lines: list[str] = []
        while True:
            yield from self.waitForMessage()
            lines += [_textOf(message) for message in self.Inbox()]
            if self.dataReady("control"):
                break
        try:
            model = list(parse_model(lines))
        except ParseError as error:
            self.send(errorInformation(self, error, error.args[0]), "error")
        else:
            yield from sendWithRoom(self, model)
        yield from self.passOnShutdown()


class ERModel2Visualiser(component):
    """ERModel2Visualiser(): sends the commands that create the graph of one or more models."""

    Inboxes = {"inbox": "list: a model, as from ERParser", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "text: a command, those for nodes first",
        "signal": "the shutdown message from control",
        "error": "errorInformation: a message that is no model",
    }

    def main(self) -> Generator[int, None, None]:
        model: list[Any] = []
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                self._add(model, message)
            if self.dataReady("control"):
                break
        nodes, links = commandsOf(model)
        for command in (*nodes, *links):
            if not (yield from sendWithRoom(self, command)):
                break
        yield from self.passOnShutdown()

    def _add(self, model: list[Any], message: Any) -> None:
        try:
            commandsOf(message)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            self.send(errorInformation(self, error, message), "error")
        else:
            model.extend(message)


def _textOf(message: Any) -> str:
    return message.decode(errors="replace") if isinstance(message, bytes) else str(message)


__kamaelia_components__ = (ERParser, ERModel2Visualiser)
