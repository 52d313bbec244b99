"""The outcomes of components for the same messages, as text: ours, or those of 1.14 on our Axon.

    PYTHONPATH=[DISTRIBUTION:]CHECKOUT python Tests/historical/components.py

prints a line of JSON for each recipe: its name, and what the component has sent, or the error.
"""

import asyncio
import importlib
import json
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import feed


class Recipe(NamedTuple):
    """A component, its arguments, and what its inboxes receive."""

    component: str  # in a module of Kamaelia: "Util.Max.Max"
    arguments: tuple[Any, ...] = ()
    settings: dict[str, Any] = {}
    boxes: dict[str, list[Any]] = {}
    end: type | None = producerFinished


class Keep:
    """A filter of numbers above 2."""

    def filter(self, message: Any) -> Any:
        return message if message and message > 2 else None


class Text:
    """A marshaller of numbers."""

    @staticmethod
    def marshall(number: int) -> str:
        return str(number)

    @staticmethod
    def demarshall(text: str) -> int:
        return int(text)


NUMBERS = {"inbox": [3, 1, 4, 1, 5]}
WORDS = {"inbox": ["so", "much", "depends"]}
BYTES = {"inbox": [b"so much", b" depends", b" upon"]}

RECIPES = [
    Recipe("Util.PassThrough.PassThrough", boxes=NUMBERS),
    Recipe("Util.PassThrough.PassThrough", boxes=NUMBERS, end=shutdownMicroprocess),
    Recipe("Util.PureTransformer.PureTransformer", (str,), boxes=NUMBERS),
    Recipe("Util.Filter.Filter", (Keep(),), boxes=NUMBERS),
    Recipe("Util.Max.Max", boxes={"inbox": [[3, 9], [1], [4, 7]]}),
    Recipe("Util.Collate.Collate", boxes=NUMBERS),
    Recipe("Util.Collate.Collate", boxes=NUMBERS, end=shutdownMicroprocess),
    Recipe("Util.FirstOnly.FirstOnly", boxes=NUMBERS),
    Recipe("Util.UnseenOnly.UnseenOnly", boxes=NUMBERS),
    Recipe("Util.Detuple.SimpleDetupler", (1,), boxes={"inbox": [(1, "a"), (2, "b")]}),
    Recipe("Util.Sync.Sync", (2,), boxes={"inbox": [1, 2, 3, 4]}),
    Recipe("Util.Stringify.Stringify", boxes=NUMBERS),
    Recipe("Util.TagWithSequenceNumber.TagWithSequenceNumber", boxes=WORDS),
    Recipe("Util.ChunkNamer.ChunkNamer", ("a", ".b"), boxes=WORDS),
    Recipe("Util.Chunkifier.Chunkifier", (5,), boxes=BYTES),
    Recipe("Util.LineSplit.LineSplit", boxes={"inbox": ["a\nb\nc", "d\n"]}),
    Recipe("Util.Marshalling.Marshaller", (Text,), boxes=NUMBERS),
    Recipe("Util.Marshalling.DeMarshaller", (Text,), boxes={"inbox": ["3", "1"]}),
    Recipe("Util.RangeFilter.RangeFilter", ([(2, 4)],), boxes={"inbox": [(1,), (2,), (4,), (5,)]}),
    Recipe("Util.RateChunker.RateChunker", (8, 1, 2), boxes={"inbox": ["so much depends"]}),
    Recipe("Util.SequentialTransformer.SequentialTransformer", (str, len), boxes=NUMBERS),
    Recipe("Util.Comparator.Comparator", boxes={"inA": [1, 2], "inB": [1, 3]}),
    Recipe("Util.TwoWaySplitter.TwoWaySplitter", boxes=WORDS),
    Recipe("Util.Fanout.Fanout", (["one", "two"],), boxes=WORDS),
    Recipe("Util.OneShot.OneShot", ("once",), end=None),
    Recipe("Util.OneShot.TriggeredOneShot", ("once",), boxes={"inbox": ["now"]}, end=None),
    Recipe("Util.DataSource.DataSource", ([1, 2, 3],), end=None),
    Recipe("Util.DataSource.TriggeredSource", ("x",), boxes=NUMBERS),
    Recipe("Util.Chooser.Chooser", ([1, 2, 3],), boxes={"inbox": ["NEXT", "LAST", "PREV"]}),
    Recipe("Util.PromptedTurnstile.PromptedTurnstile", boxes={**WORDS, "next": [1, 1]}),
    Recipe("Util.Tokenisation.Simple.lines_to_tokenlists", boxes={"inbox": ['a "b c" d']}),
    Recipe("Util.Tokenisation.Simple.tokenlists_to_lines", boxes={"inbox": [["a", "b c"]]}),
    Recipe(
        "Visualisation.PhysicsGraph.chunks_to_lines.chunks_to_lines", boxes={"inbox": [b"a\nb\n"]}
    ),
    Recipe(
        "Visualisation.PhysicsGraph.lines_to_tokenlists.lines_to_tokenlists",
        boxes={"inbox": ['ADD NODE 1 "a b" auto -']},
    ),
    Recipe("Util.NullSink.nullSinkComponent", boxes=WORDS),
    Recipe("Protocol.Framing.Framer", boxes={"inbox": [(1, "so much"), (2, "depends")]}),
    Recipe("Protocol.Framing.DeFramer", boxes={"inbox": ["1 7\nso much"]}),
    Recipe("Protocol.EchoProtocol.EchoProtocol", boxes=BYTES),
    Recipe("Codec.RawYUVFramer.RawYUVFramer", ((4, 2),), boxes={"inbox": [b"x" * 30]}),
    Recipe("File.Append.Append", settings={"filename": "appended"}, boxes=WORDS),
    Recipe("File.Writing.SimpleFileWriter", ("written",), boxes=BYTES),
    Recipe("File.Reading.PromptedFileReader", ("text", "bytes"), boxes={"inbox": [5, 100]}),
    Recipe("File.Reading.PromptedFileReader", ("text", "lines"), boxes={"inbox": [1, 1]}),
    Recipe("File.Reading.SimpleReader", ("text",), end=None),
]


def nameOf(number: int) -> str:
    """Return the name of a recipe: its class, and its number if there are several."""
    names = [recipe.component.rsplit(".", 1)[1] for recipe in RECIPES]
    before = names[:number].count(names[number])
    return names[number] + (f" {before + 1}" if before else "")


class Feeder(component):
    """A component that sends the messages of a recipe with pauses, and the end after them.

    Components of 1.14 lose messages that arrive together with the end.
    """

    def __init__(self, fed: Any, recipe: Recipe) -> None:
        self.Outboxes = [f"to {box}" for box in fed.Inboxes]  # type: ignore[misc]
        super().__init__()
        self.fed, self.recipe = fed, recipe
        for box in fed.Inboxes:
            self.link((self, f"to {box}"), (fed, box))

    def main(self) -> Iterator[int]:
        for box, messages in self.recipe.boxes.items():
            for message in messages:
                self.send(message, f"to {box}")
                yield from self.waitForChange(0.01)
        if self.recipe.end is not None:
            yield from self.waitForChange(0.05)
            self.send(self.recipe.end(), "to control")


def outcomeOf(recipe: Recipe) -> Any:
    """Return what the component sends to each outbox, as text."""
    module, name = f"Kamaelia.{recipe.component}".rsplit(".", 1)
    made = getattr(importlib.import_module(module), name)(*recipe.arguments, **recipe.settings)
    Feeder(made, recipe).activate()
    outcome = feed(made, control=(), until=3.0)
    kinds = {type(message).__mro__ for message in outcome.pop("signal", [])}
    ends = sorted(
        {each.__name__ for mro in kinds for each in mro}
        & {"producerFinished", "shutdownMicroprocess"}
    )
    return {box: repr(sent) for box, sent in outcome.items() if sent} | {"signal": ends}


def main() -> None:
    for number, recipe in enumerate(RECIPES):
        with open("text", "w", encoding="utf-8") as text:
            text.write("so much\ndepends\nupon\n")
        try:
            outcome = outcomeOf(recipe)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - it is the outcome
            outcome = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps([nameOf(number), outcome]), flush=True)


if __name__ == "__main__":
    sys.exit(main())
