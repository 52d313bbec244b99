"""What a component's class says about itself: its boxes, settings and methods.

Example usage::

    >>> class Total:
    ...     Inboxes = {"inbox": "numbers"}
    ...     Outboxes = {"outbox": "their sum"}
    ...     start: int = 0
    >>> [(box.name, box.sentence) for box in boxesOf(Total, "Inboxes")]
    [('inbox', 'numbers')]
    >>> [(each.name, each.default) for each in settingsOf(Total)]
    [('start', '0')]

How does it work?

A box or setting belongs to the class nearest to the root that says the same about it. The sentence
of a setting is searched in the docstrings of the class that defines it and of its bases, where it
stands as "name: what it is for" or "name, other: what they are for"; then in the comment at the end
of its line. Nothing here imports Axon.
"""

from __future__ import annotations

import inspect
import itertools
import re
import textwrap
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from io import StringIO
from typing import Any

ROOTS = frozenset({"component", "threadedcomponent", "AdaptiveCommsComponent", "microprocess"})
LINE_STARTS = (tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT)
NO_SENTENCE = re.compile(r"(#\s*)?(noqa|type:|fmt:|pragma).*")  # what tools read in comments
LONGEST_VALUE = 60  # characters of a default that are shown


@dataclass(frozen=True)
class DescribedBox:
    """A box. owner: the class that has declared it, or None if it is the class itself."""

    name: str
    sentence: str
    owner: type | None


@dataclass(frozen=True)
class Setting:
    """A setting: a class attribute, which a keyword argument may replace."""

    name: str
    typeName: str
    default: str
    sentence: str
    owner: type | None


@dataclass(frozen=True)
class Method:
    """A public method. summary: its first sentence."""

    name: str
    signature: str
    summary: str
    owner: type | None


def isComponent(item: Any) -> bool:
    """Return whether `item` is a class with boxes."""
    return inspect.isclass(item) and hasattr(item, "Inboxes") and hasattr(item, "Outboxes")


def boxesOf(kind: type, attribute: str) -> list[DescribedBox]:
    """Return the boxes in "Inboxes" or "Outboxes". Anything else than names is left out."""
    found = []
    for name, sentence in _declared(getattr(kind, attribute, {})).items():
        owner = kind
        for base in kind.__mro__[1:]:
            said = _declared(vars(base).get(attribute, {}))
            if said.get(name) == sentence:
                owner = base
        found.append(DescribedBox(name, sentence, None if owner is kind else owner))
    return found


def _declared(boxes: Any) -> dict[str, str]:
    if isinstance(boxes, Mapping):
        items = dict(boxes)
    elif isinstance(boxes, list | tuple | set | frozenset):
        items = dict.fromkeys(boxes, "")
    else:
        return {}
    return {name: str(sentence) for name, sentence in items.items() if isinstance(name, str)}


def settingsOf(kind: type) -> list[Setting]:
    """Return the public class attributes that are no methods, of the class and its bases."""
    found: dict[str, Setting] = {}
    for base in _ownBases(kind):
        notes = inspect.get_annotations(base)
        for name in [*vars(base), *notes]:
            if name in found or not _isSettingName(name):
                continue
            value = vars(base).get(name, inspect.Parameter.empty)
            if _isSetting(value):
                found[name] = Setting(
                    name,
                    _typeName(notes.get(name)),
                    _shown(value),
                    sentenceFor(name, base) or _commentFor(name, base),
                    None if base is kind else base,
                )
    return list(found.values())


def _ownBases(kind: type) -> list[type]:
    """Return the class and its bases, up to the first class that all components have."""
    bases = []
    for base in kind.__mro__:
        if base.__name__ in ROOTS and base.__module__.partition(".")[0] == "Axon":
            break
        if base is not object:
            bases.append(base)
    return bases


def _isSettingName(name: str) -> bool:
    return not name.startswith("_") and name not in ("Inboxes", "Outboxes", "Usescomponents")


def _isSetting(value: Any) -> bool:
    if value is inspect.Parameter.empty or inspect.isclass(value):
        return False
    isDescriptor = inspect.isdatadescriptor(value) or inspect.ismethoddescriptor(value)
    return not (callable(value) or isDescriptor or isinstance(value, classmethod | staticmethod))


def _typeName(note: Any) -> str:
    if note is None:
        return ""
    words = note if isinstance(note, str) else inspect.formatannotation(note)
    return re.sub(r"^ClassVar\[(.*)\]$", r"\1", words)


def _shown(value: Any) -> str:
    if not isinstance(value, int | float | str | bytes | tuple | frozenset | list | dict | None):
        return f"{type(value).__name__}(...)"
    try:
        words = repr(value)
    except Exception as error:  # noqa: BLE001 - a repr may raise anything
        return f"(its repr raises {type(error).__name__})"
    return words if len(words) <= LONGEST_VALUE else f"{words[: LONGEST_VALUE - 1]}…"


def sentenceFor(name: str, kind: type) -> str:
    """Return what the docstrings of a class and its bases say about a setting, or ""."""
    pattern = re.compile(
        rf"(?:^|[\s.])(?:[\w, ]*\b)?{re.escape(name)}\b(?:, [\w, ]+)?(?:\s\([^)]*\))?: ",
        re.MULTILINE,
    )
    for base in kind.__mro__:
        text = " ".join((vars(base).get("__doc__") or "").split())
        match = pattern.search(text)
        if match is not None:
            return _untilNext(text[match.end() :])
    return ""


def _commentFor(name: str, kind: type) -> str:
    return next(filter(None, (_commentsIn(base).get(name) for base in kind.__mro__)), "")


@cache
def _commentsIn(kind: type) -> dict[str, str]:
    """Return the comments at the end of the lines on which a class assigns its attributes."""
    try:
        source = textwrap.dedent(inspect.getsource(kind))
        tokens = list(tokenize.generate_tokens(StringIO(source).readline))
    except (OSError, TypeError, SyntaxError, tokenize.TokenError):
        return {}
    found: dict[str, str] = {}
    name, depth, brackets = "", 0, 0
    for before, token in itertools.pairwise(tokens):
        depth += (token.type == tokenize.INDENT) - (token.type == tokenize.DEDENT)
        if token.type == tokenize.OP:
            brackets += (token.string in "([{") - (token.string in ")]}")
        elif token.type == tokenize.NAME and depth == 1 and before.type in LINE_STARTS:
            name = "" if brackets else token.string
        elif token.type == tokenize.NEWLINE:
            name = ""
        elif token.type == tokenize.COMMENT and name and depth == 1 and not brackets:
            words = NO_SENTENCE.sub("", token.string.lstrip("#: ")).strip()
            if words:
                found.setdefault(name, words)
    return found


def _untilNext(text: str) -> str:
    """Return the description at the beginning of a text: up to the next "name: "."""
    after = re.search(r"\.\s+(?=[a-z_][\w, ]*(?:\s\([^)]*\))?: |[A-Z][a-z]+ )", text)
    return text[: after.start() + 1] if after is not None else text


def methodsOf(kind: type) -> list[Method]:
    """Return the public methods of the class and its bases, except what all components have."""
    found: dict[str, Method] = {}
    for base in _ownBases(kind):
        for name, value in vars(base).items():
            function = getattr(value, "__func__", value)
            if name.startswith("_") or name in found or not inspect.isfunction(function):
                continue
            owner = None if base is kind else base
            found[name] = Method(name, _signature(function), summaryOf(function), owner)
    return list(found.values())


def _signature(function: Any) -> str:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return "(...)"
    names = [str(each.replace(annotation=each.empty)) for each in parameters]
    return f"({', '.join(names[1:] if names[:1] == ['self'] else names)})"


def summaryOf(item: Any) -> str:
    """Return the first paragraph of a docstring, on one line."""
    return " ".join((inspect.getdoc(item) or "").partition("\n\n")[0].split())


def paragraphsOf(item: Any) -> Iterator[str]:
    """Yield the paragraphs of a docstring after the first."""
    yield from (inspect.getdoc(item) or "").split("\n\n")[1:]


def terminationOf(module: Any) -> str:
    """Return what a module's docstring says about the end of its components, or ""."""
    text = inspect.getdoc(module) or ""
    match = re.search(r"^Termination: (.*?)(?=\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
    return " ".join(match[1].split()) if match is not None else ""
