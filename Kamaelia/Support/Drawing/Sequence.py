"""Sequence diagrams: the messages that pass between components, as text and for Mermaid.

Example usage
-------------
    >>> passed = [Passed("READER", "outbox", "ECHO", "inbox", "'hello'")]
    >>> print(sequenceText(passed))
    1  READER.outbox -> ECHO.inbox: 'hello'
    >>> print(sequenceMermaid(passed))
    sequenceDiagram
        participant p1 as READER
        participant p2 as ECHO
        p1->>p2: outbox to inbox: 'hello'

How does it work?
-----------------
In Mermaid, an arrow to "control" is dashed. Characters that have a meaning there are written as
their numbers. Names and texts may contain anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from Kamaelia.Support.Drawing.Shapes import shortened
from Kamaelia.Support.PrintableText import printable

LONGEST = 60  # characters of a name


@dataclass(frozen=True, slots=True)
class Passed:
    """A message: its sender and outbox, its receiver and inbox, and its text."""

    sender: str
    outbox: str
    receiver: str
    inbox: str
    text: str

    @property
    def isControl(self) -> bool:
        """Whether it is a message about the end, not data."""
        return self.inbox == "control"


def sequenceText(messages: Iterable[Passed]) -> str:
    """Return one numbered line for each message."""
    messages = list(messages)
    width = len(str(len(messages)))
    return "\n".join(
        printable(
            f"{number:{width}}  {shortened(each.sender, LONGEST)}.{each.outbox} ->"
            f" {shortened(each.receiver, LONGEST)}.{each.inbox}:"
            f" {each.text}"
        )
        for number, each in enumerate(messages, 1)
    )


def sequenceMermaid(messages: Iterable[Passed]) -> str:
    """Return the text of a sequence diagram for Mermaid, which GitHub draws in Markdown."""
    messages = list(messages)
    names = dict.fromkeys(name for each in messages for name in (each.sender, each.receiver))
    keys = {name: f"p{number}" for number, name in enumerate(names, 1)}
    lines = ["sequenceDiagram"]
    lines += [
        f"    participant {key} as {_escaped(shortened(name, LONGEST))}"
        for name, key in keys.items()
    ]
    for each in messages:
        arrow = "-->>" if each.isControl else "->>"
        words = _escaped(f"{each.outbox} to {each.inbox}: {each.text}")
        lines.append(f"    {keys[each.sender]}{arrow}{keys[each.receiver]}: {words}")
    return "\n".join(lines)


def _escaped(text: str) -> str:
    """Return `text` without characters that end a statement or begin a tag or an entity."""
    return "".join(
        f"#{ord(each)};" if each in '#;<>&"%\\{}[]' else each for each in printable(text)
    )
