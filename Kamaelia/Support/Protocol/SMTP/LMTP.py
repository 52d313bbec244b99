"""The reply to an SMTP client whose mail goes to an LMTP server (RFC 2033).

Example usage::

    outcome = outcomeOf([("<a@example.org>", taken), ("<b@example.org>", refused)])
    if outcome.refused:
        ...          # report them to the sender, or answer notTo(outcome.refused)

After the dot, an LMTP server answers for each recipient, and an SMTP server once for all. If
one of several recipients is refused temporarily, the client is asked to retry the whole mail.
The recipients that were accepted then get a duplicate, but none is lost. This cannot happen
with one recipient per mail (max_recipients = 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from Kamaelia.Support.Protocol.SMTP.Reply import Reply

Answers = Sequence[tuple[str, Reply]]


class Outcome(NamedTuple):
    """The combined reply, and the recipients that are refused permanently.

    reply: the reply for the client, provided that the sender gets a report about `refused`.
    isMixed: some recipients have the mail although the client is told to retry.
    """

    reply: Reply
    refused: list[tuple[str, Reply]]
    isMixed: bool = False


def outcomeOf(answers: Answers) -> Outcome:
    """Return the outcome of the replies to the dot, one (path, reply) for each recipient."""
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
    """Return the reply for a partly delivered mail whose sender cannot get a report.

    It is permanent, because a retry is useless, and it names the recipients without the mail.
    """
    lines = [
        f"{path}: {reply.code} {line}" for path, reply in refused for line in reply.text.split("\n")
    ]
    return Reply(554, "\n".join([f"5.3.0 {TO_THE_OTHERS}", *lines[:MOST_LINES]]))


TO_THE_OTHERS = "Delivered to the other recipients, but not to these"
MOST_LINES = 20
