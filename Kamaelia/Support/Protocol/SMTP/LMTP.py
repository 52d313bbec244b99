"""What a client of SMTP hears when the server behind speaks LMTP (RFC 2033).

Example usage::

    outcome = outcomeOf([("<a@example.org>", taken), ("<b@example.org>", refused)])
    if outcome.refused:
        ...          # report them to the sender, or say notTo(outcome.refused)

After the dot LMTP has an answer for each recipient, and SMTP has one for all.
A mail that one of several is refused for now is deferred as a whole, although
some have it: the retry makes duplicates for them, but nobody is left out. With
one recipient to a mail (max_recipients = 1) there is neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from Kamaelia.Support.Protocol.SMTP.Reply import Reply

Answers = Sequence[tuple[str, Reply]]


class Outcome(NamedTuple):
    """`reply` is what the client hears, unless those that are `refused` for good stay unreported.

    `isMixed`: some have the mail although the client hears otherwise.
    """

    reply: Reply
    refused: list[tuple[str, Reply]]
    isMixed: bool = False


def outcomeOf(answers: Answers) -> Outcome:
    """What the answers after the dot, one for each (path, reply), are together."""
    if not answers:
        raise ValueError("an outcome needs the answer for at least one recipient")
    taken = [reply for _, reply in answers if reply.isPositive]
    refused = [(path, reply) for path, reply in answers if not reply.isPositive]
    forNow = [reply for _, reply in refused if reply.isForNow]
    if forNow:
        return Outcome(forNow[0], [], isMixed=bool(taken))
    if not taken:
        return Outcome(refused[0][1], [])
    return Outcome(taken[0], refused)


def notTo(refused: Answers) -> Reply:
    """For a client whose mail has some of its recipients, when no report can tell its sender.

    It is for good, as there is nothing to be tried again; whoever sees it, sees for whom.
    """
    lines = [
        f"{path}: {reply.code} {line}" for path, reply in refused for line in reply.text.split("\n")
    ]
    return Reply(554, "\n".join([f"5.3.0 {TO_THE_OTHERS}", *lines[:MOST_LINES]]))


TO_THE_OTHERS = "Delivered to the other recipients, but not to these"
MOST_LINES = 20
