"""Short texts of messages, for displays of a running system.

Example usage
-------------
    >>> from Axon.MessageText import textOf
    >>> textOf({"user": "ada", "password": "s3cret"})
    "{'user': 'ada', 'password': <left out>}"
    >>> textOf(b"x" * 1_000_000)[-27:]
    "xxxxxxx'... (1000000 items)"

How does it work?
-----------------
The text is like that of reprlib, and has at most 200 characters. It runs no code of the message's
class, so that it cannot raise, block, or take long: an object of another class than those of
Python itself is shown as the name of its class with its attributes.

Secrets are left out: objects of the module ssl, values whose name is that of a secret, such as
`password`, and what follows a command or header that sends one, such as `AUTH PLAIN` or `PASS`.
The text that a peer sends is data, so a component that knows better defines `shown(message)`
(Axon.Taps).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import Enum
from itertools import islice
from types import (
    BuiltinFunctionType,
    FunctionType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

from Axon.Ipc import ipc
from Axon.Microprocess import microprocess

LIMIT = 200  # characters
ITEMS = 6  # of a collection
DEPTH = 4  # of collections in collections
LEFT_OUT = "<left out>"

_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?$|secret|token|credential|authorization|cookie|private.?key|api.?key",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"""((?:^(?:AUTH\ +[\w-]+|PASS|OPER\ +\S+)|\bLOGIN\ +\S+|\bpassword\ *[=:]
        |\b(?:proxy-)?authorization:\ *\w+|\b(?:set-)?cookie:)\ +|\bpassword=)[^\s'"\\][^\r\n]*""",
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)


def textOf(message: object, limit: int = LIMIT) -> str:
    """Return `message` as one line of at most `limit` characters."""
    text = _text(message, limit, DEPTH)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def textOfNamed(name: str, value: object, limit: int = LIMIT) -> str:
    """Return `value` as textOf() does, but leave it out if `name` is that of a secret."""
    return LEFT_OUT if _isSecret(name) else textOf(value, limit)


def _text(value: Any, limit: int, depth: int) -> str:
    """Return the text of `value`, and up to `depth` that of what it contains."""
    kind = type(value)  # isinstance() would ask the object
    if kind in _CONSTANTS:
        return repr(value)
    for base, describe in _SIMPLE:
        if issubclass(kind, base):
            return describe(value, limit)
    if kind.__module__ in ("ssl", "_ssl"):
        return f"{kind.__name__}({LEFT_OUT})"
    if depth == 0:
        return f"{kind.__name__}(...)"
    inner = max(20, limit // 2), depth - 1
    if issubclass(kind, dict):
        return f"{{{_ofEntries(dict.items(value), dict.__len__(value), *inner)}}}"
    for base, (start, end) in _BRACKETS.items():
        if issubclass(kind, base) and not hasattr(kind, "_fields"):
            return f"{start}{_ofItems(base, value, *inner)}{end}"
    return _ofObject(value, *inner)


# Values that contain no others


def _ofString(value: Any, limit: int) -> str:
    """Return a string, or bytes, without the secrets in it."""
    base = next(each for each in (str, bytes, bytearray) if issubclass(type(value), each))
    length = base.__len__(value)
    start: Any = base.__getitem__(value, slice(0, max(10, limit - 25)))
    text = start if base is str else bytes(start).decode("latin-1")
    text = _SECRET_TEXT.sub(rf"\1{LEFT_OUT}", text)
    shown = repr(text) if base is str else repr(text.encode("latin-1"))
    if length == len(start) and len(shown) <= limit:
        return shown
    end = f"... ({length} items)"
    return f"{shown[: max(10, limit - len(end))]}{end}"  # an item may be shown as four characters


def _ofInteger(value: int, limit: int) -> str:
    bits = int.bit_length(value)
    return int.__repr__(value) if bits < 3 * limit else f"<int of {bits} bits>"


def _ofMember(value: Enum, limit: int) -> str:
    return f"{type(value).__name__}.{_attributesOf(value).get('_name_')}"


def _ofNamed(value: Any, limit: int) -> str:
    return f"<{type(value).__name__} {value.__name__}>"


def _ofComponent(value: microprocess, limit: int) -> str:
    attributes = _attributesOf(value)
    name = attributes.get("name")
    if type(name) is not str:
        name = f"{type(value).__name__}_{attributes.get('id')}"
    return f"<{name}>"


_CONSTANTS = (type(None), bool, float, complex, range, type(Ellipsis), type(NotImplemented))
_SIMPLE: tuple[tuple[Any, Callable[[Any, int], str]], ...] = (
    (Enum, _ofMember),
    ((str, bytes, bytearray), _ofString),
    (int, _ofInteger),
    (microprocess, _ofComponent),
    (type, lambda value, limit: f"<class {type.__getattribute__(value, '__name__')}>"),
    ((FunctionType, BuiltinFunctionType, MethodType, ModuleType), _ofNamed),
)
_BRACKETS: dict[Any, tuple[str, str]] = {
    tuple: ("(", ")"),
    list: ("[", "]"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
    deque: ("deque([", "])"),
}


# Values that contain others


def _ofItems(base: Any, value: Any, limit: int, depth: int) -> str:
    """Return the items of a collection; a pair may be a name and a secret."""
    items = list(islice(base.__iter__(value), ITEMS))
    if len(items) == 2 and _isSecret(items[0]):
        return f"{_text(items[0], limit, depth)}, {LEFT_OUT}"
    texts = [_text(each, limit, depth) for each in items]
    return _joined(texts, base.__len__(value)) + ("," if base is tuple and len(items) == 1 else "")


def _ofEntries(entries: Iterable[tuple[Any, Any]], count: int, limit: int, depth: int) -> str:
    texts = [
        f"{_text(name, limit, depth)}: {_secretOrText(name, value, limit, depth)}"
        for name, value in islice(entries, ITEMS)
    ]
    return _joined(texts, count)


def _ofObject(value: Any, limit: int, depth: int) -> str:
    """Return the class of an object with its public attributes, or the arguments of an error."""
    kind = type(value)
    name = type.__getattribute__(kind, "__name__")
    if issubclass(kind, BaseException):
        arguments = _ERROR_ARGUMENTS(value)
        return f"{name}({_ofItems(tuple, arguments, limit, depth).rstrip(',')})"
    attributes = {
        each.lstrip("_") if issubclass(kind, ipc) else each: content
        for each, content in _attributesOf(value).items()
        if type(each) is str and (issubclass(kind, ipc) or not each.startswith("_"))
    }
    texts = [
        f"{each}={_secretOrText(each, content, limit, depth)}"
        for each, content in islice(attributes.items(), ITEMS)
    ]
    return f"{name}({_joined(texts, len(attributes))})"


def _secretOrText(name: object, value: Any, limit: int, depth: int) -> str:
    return LEFT_OUT if _isSecret(name) else _text(value, limit, depth)


def _isSecret(name: object) -> bool:
    if type(name) is bytes:
        name = name[:100].decode("latin-1")
    return type(name) is str and _SECRET_NAME.search(name[:100]) is not None


def _joined(texts: list[str], count: int) -> str:
    return ", ".join(texts) + (f", ... ({count} items)" if count > len(texts) else "")


def _attributesOf(value: Any) -> dict[str, Any]:
    """Return what an object stores in named fields, slots, and its __dict__, in this order."""
    kind = type(value)
    if issubclass(kind, tuple):
        return dict(zip(getattr(kind, "_fields", ()), tuple.__iter__(value), strict=False))
    found = {}
    for each in reversed(kind.__mro__):
        for name, slot in vars(each).items():
            if type(slot) is MemberDescriptorType and each is not BaseException:
                with suppress(AttributeError):  # it has no value yet
                    found[name] = slot.__get__(value)
    with suppress(AttributeError):
        found.update(object.__getattribute__(value, "__dict__"))
    return found


_ERROR_ARGUMENTS: Callable[[BaseException], Any] = vars(BaseException)["args"].__get__
