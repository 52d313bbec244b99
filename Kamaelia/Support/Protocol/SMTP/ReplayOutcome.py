"""The outcome of a replayed mail, from the real server's replies for all recipients.

Example usage::

    verdict = verdictOn([("<a@example.org>", taken), ("<b@example.org>", refused)])
    if verdict.reply is None:
        ...          # continue with DATA; report verdict.refused when it is accepted
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Sequence
from typing import NamedTuple

from Kamaelia.Support.Protocol.SMTP.Reply import Reply

# RFC 3463 section 3.7: 5.6.3 conversion required but not supported; RFC 6531 section 3.5: 5.6.7
# non-ASCII addresses are not permitted. There is no code for DSN; 5.6.0 is "other".
LACKING = {
    "SMTPUTF8": Reply(554, "5.6.7 The mail server does not take internationalised mail"),
    "8BITMIME": Reply(554, "5.6.3 The mail server does not take 8-bit mail"),
    "DSN": Reply(554, "5.6.0 The mail server does not take requests for delivery reports"),
}
NEEDED_BY = {"SMTPUTF8": "SMTPUTF8", "RET": "DSN", "ENVID": "DSN", "NOTIFY": "DSN", "ORCPT": "DSN"}


class ReplayOutcome(NamedTuple):
    """The reply for the client, or None to continue with DATA and then report `refused`."""

    reply: Reply | None
    refused: list[tuple[str, Reply]]


def verdictOn(answers: Sequence[tuple[str, Reply]]) -> ReplayOutcome:
    """Return the outcome of a replayed mail, given (path, reply) for each recipient.

    If one recipient is refused temporarily, the mail is not delivered at all, so that a retry
    causes no duplicates. If all are refused, the client receives the first such refusal in the
    server's words.
    """
    if not answers:
        raise ValueError("a verdict requires the reply for at least one recipient")
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
    """Return the refusal if the real server lacks an extension: nothing is converted."""
    return next((LACKING[name] for name in sorted(needs) if name not in extensions), None)
