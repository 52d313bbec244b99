"""Runs programs about mails, given as data, and returns what the rules and keys of greylisting say.

    python -m Tests.Kamaelia.Support.Greylist.decisions

A program is a dict with the texts of addresses, the entries of a list, and the times at which a
mail is tried. The compiled modules and their sources are equal if they give the same trace.
"""

from collections.abc import Callable
from typing import Any

from Kamaelia.Support.Greylist.Keys import clientKey, mailboxKey, recipientKey, senderKey
from Kamaelia.Support.Greylist.Names import Mailboxes, Names
from Kamaelia.Support.Greylist.NetworkRate import NetworkRate
from Kamaelia.Support.Greylist.Rules import Rules, afterDelivery, decide
from Tests.cores import answer, coreOf


def run(program: dict[str, Any]) -> list[str]:
    """Return the trace of one program."""
    trace = []
    for text in program["texts"]:
        trace += [said(ask, text) for ask in KEYS]
        trace += [
            said(find, kind, entry, text)
            for kind in (Mailboxes, Names)
            for entry in program["entries"]
        ]
    return trace + decisions(program)


def find(kind: type[Names[int] | Mailboxes[int]], entry: str, text: str) -> int | None:
    return kind({entry: 1}).find(text)


def foldedKey(text: str) -> str:
    return senderKey(text, isFolding=True)


KEYS = (clientKey, mailboxKey, recipientKey, senderKey, foldedKey)


def decisions(program: dict[str, Any]) -> list[str]:
    rules, rate = Rules(**program["rules"]), NetworkRate(2, 60.0)
    record, regular, trace = None, None, []
    for now in program["times"]:
        decision = decide(record, regular, rules, now)
        record = decision.record or record
        if decision.isAccepted:
            regular = afterDelivery(regular, rules, now) or regular
        rate.count("192.0.2.1", now)
        trace.append(f"{decision} {regular} {rate.isReached('192.0.2.9', now)}")
    return trace


def said(ask: Callable[..., Any], *about: Any) -> str:
    """Return the answer, or the error in its place."""
    try:
        return repr(ask(*about))
    except ValueError as error:
        return f"ValueError: {error}"


if __name__ == "__main__":
    answer(coreOf(Rules.__module__), run)
