"""What a client hears when the real server's answers are put together.

Example usage::

    verdict = verdictOn([("<a@example.org>", taken), ("<b@example.org>", refused)])
    if verdict.reply is None:
        ...          # go on with DATA; report verdict.refused once it is taken
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Sequence
from typing import NamedTuple

from Kamaelia.Support.Protocol.SMTP.Reply import Reply

# RFC 3463 section 3.7: 5.6.3 conversion required but not supported; RFC 6531 section 3.5: 5.6.7
# non-ASCII addresses are not permitted. DSN has no code of its own; 5.6.0 is "other".
LACKING = {
    "SMTPUTF8": Reply(554, "5.6.7 The mail server does not take internationalised mail"),
    "8BITMIME": Reply(554, "5.6.3 The mail server does not take 8-bit mail"),
    "DSN": Reply(554, "5.6.0 The mail server does not take requests for delivery reports"),
}
NEEDED_BY = {"SMTPUTF8": "SMTPUTF8", "RET": "DSN", "ENVID": "DSN", "NOTIFY": "DSN", "ORCPT": "DSN"}


class ReplayOutcome(NamedTuple):
    """`reply` is what the client hears; None: go on with DATA, and report `refused` then."""

    reply: Reply | None
    refused: list[tuple[str, Reply]]


def verdictOn(answers: Sequence[tuple[str, Reply]]) -> ReplayOutcome:
    """What to do with a mail in replay, by the answer to each recipient (path, reply).

    One refusal for now is enough to give up: nothing is delivered to anybody,
    so that a retry makes no duplicate and nobody is left out. When all are
    refused the client hears the first such refusal, in the server's words.
    """
    if not answers:
        raise ValueError("a verdict needs the answer to at least one recipient")
    refused = [(path, reply) for path, reply in answers if not reply.isPositive]
    forNow = [reply for path, reply in refused if reply.isForNow]
    if len(refused) == len(answers):
        return ReplayOutcome(forNow[0] if forNow else refused[0][1], [])
    if forNow:
        return ReplayOutcome(Reply(451, forNow[0].text, isRelayed=True), [])
    return ReplayOutcome(None, refused)


def needsOf(parameters: Collection[tuple[str, str]]) -> set[str]:
    """Return the extensions that a mail needs, by its parameters (name, value).

    A text with 8-bit octets that BODY does not declare needs nothing: it is passed on unchanged.
    """
    needs = {NEEDED_BY[name] for name, _ in parameters if name in NEEDED_BY}
    return needs | {"8BITMIME"} if ("BODY", "8BITMIME") in parameters else needs


def refusalFor(needs: Iterable[str], extensions: Container[str]) -> Reply | None:
    """The refusal when the real server lacks what a mail needs: nothing is converted."""
    return next((LACKING[name] for name in sorted(needs) if name not in extensions), None)
