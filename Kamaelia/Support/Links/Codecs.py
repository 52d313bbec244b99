"""Codecs: messages as bytes, so that plain data arrives with its type.

Example usage
-------------
    codec = codecNamed("json", nameOf)
    part = codec.encode(("GET", b"/", {"depth": 2}))
    data = codec.join([part, codec.encode(None)])
    codec.split(data, 2)                # [("GET", b"/", {"depth": 2}), None]

How does it work?
-----------------
Plain data is None, bool, int, float, str, bytes, list, tuple and dict. A tuple is an extension type
of msgpack; in JSON, whatever JSON lacks is an object with the one key "$" and the name of its type.
A writer encodes each message when it is sent, and joins the parts of a frame later. `nameOf`
returns the name that is sent in the place of an object, or None if the object cannot be sent.
"""

from __future__ import annotations

import io
import json
import pickle
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, Protocol

from Kamaelia.Support.Counts import counted
from Kamaelia.Support.Links.Errors import linkError, notEncodable

NameOf = Callable[[Any], "str | None"]

DEEPEST = 200  # levels of lists, tuples and dicts within each other
DEEPEST_TUPLE = 50  # levels of tuples in msgpack, which takes 42 KB of the C stack to read each
_TUPLE, _INTEGER = 1, 2  # extension types of msgpack


class Codec(Protocol):
    """Encodes messages one by one, and decodes them a frame at a time."""

    name: str
    pack: Callable[[Any], bytes]  # as encode(), but with any exception; encode() explains it

    def encode(self, message: Any) -> bytes:
        """Return a message as bytes. Raise notEncodable if it is not plain data."""

    def join(self, parts: list[bytes]) -> bytes:
        """Return the payload of a frame: several messages that encode() has returned."""

    def split(self, data: bytes, count: int) -> list[Any]:
        """Return the `count` messages of a payload. Raise linkError if it is damaged."""


def noNames(_: Any) -> str | None:
    """Return None: no object is sent as a name."""
    return None


def _refuse(thing: Any) -> notEncodable:
    return notEncodable(
        f"a link carries None, bool, int, float, str, bytes, list, tuple and dict; a"
        f" {type(thing).__name__} is none of these"
    )


class JSONCodec:
    """JSON: needs nothing but the standard library."""

    name = "json"

    def __init__(self, nameOf: NameOf = noNames) -> None:
        self._nameOf = nameOf
        self._encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
        self.pack: Callable[[Any], bytes] = self.encode

    def encode(self, message: Any) -> bytes:
        """Return a message as bytes."""
        try:
            return self._encode(self._tagged(message, DEEPEST)).encode("ascii")
        except ValueError as error:  # an integer with too many digits
            raise notEncodable(str(error)) from error

    def join(self, parts: list[bytes]) -> bytes:
        """Return several messages as a JSON array."""
        return b"[%s]" % b",".join(parts)

    def split(self, data: bytes, count: int) -> list[Any]:
        """Return the messages of an array."""
        try:
            found = json.loads(data)
            return [_untagged(each) for each in _counted(found, count)]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise linkError(f"a frame contains damaged JSON: {error}") from error

    def _tagged(self, value: Any, levels: int) -> Any:
        """Return `value` as JSON can express it."""
        kind = type(value)
        if value is None or kind in (bool, int, float, str):
            return value
        if kind is bytes:
            return {"$": "bytes", "v": b64encode(value).decode("ascii")}
        if levels == 0:
            raise notEncodable(f"a message has more than {DEEPEST} levels")
        if kind is list or kind is tuple:
            items = [self._tagged(each, levels - 1) for each in value]
            return items if kind is list else {"$": "tuple", "v": items}
        if kind is dict:
            return self._taggedDict(value, levels - 1)
        name = self._nameOf(value)
        if name is None:
            raise _refuse(value)
        return name

    def _taggedDict(self, value: dict[Any, Any], levels: int) -> Any:
        if "$" not in value and all(type(key) is str for key in value):
            return {key: self._tagged(each, levels) for key, each in value.items()}
        pairs = [
            [self._tagged(key, levels), self._tagged(each, levels)] for key, each in value.items()
        ]
        return {"$": "dict", "v": pairs}


def _counted(found: Any, count: int) -> list[Any]:
    """Return `found` if it is a list of `count` messages. Raise linkError if it is not."""
    if type(found) is not list or len(found) != count:
        raise linkError(f"a frame of {counted(count, 'message')} does not contain {count}")
    return found


def _untagged(value: Any) -> Any:
    if type(value) is list:
        return [_untagged(each) for each in value]
    if type(value) is not dict:
        return value
    if "$" not in value:
        return {key: _untagged(each) for key, each in value.items()}
    content = value["v"]
    if value["$"] == "bytes":
        return b64decode(content, validate=True)
    if value["$"] == "tuple":
        return tuple(_untagged(each) for each in content)
    if value["$"] == "dict":
        return {_untagged(key): _untagged(each) for key, each in content}
    raise ValueError(f"there is no type {value['$']!r}")


class MsgpackCodec:
    """msgpack: smaller and faster, needs the package msgpack."""

    name = "msgpack"

    def __init__(self, nameOf: NameOf = noNames) -> None:
        import msgpack  # type: ignore[import-untyped] # here, because it is optional

        self._nameOf = nameOf
        self._extension = msgpack.ExtType
        self._unpack = msgpack.unpackb
        packer = msgpack.Packer(
            default=self._extended, strict_types=True, unicode_errors="surrogatepass"
        )
        self._packer = packer
        #: The header of a frame by its number of messages.
        self._headerOf: Callable[[int], bytes] = lru_cache(512)(msgpack.Packer().pack_array_header)
        self.pack: Callable[[Any], bytes] = packer.pack
        self._level = 0  # of the tuple that is written or read

    def encode(self, message: Any) -> bytes:
        """Return a message as bytes."""
        self._packer.reset()  # pack() may have failed in the middle of a message
        try:
            return self.pack(message)
        except (ValueError, OverflowError, RecursionError) as error:
            raise notEncodable(f"a message has too many levels or is too large: {error}") from None
        finally:
            self._packer.reset()

    def join(self, parts: list[bytes]) -> bytes:
        """Return several messages as an array."""
        return self._headerOf(len(parts)) + b"".join(parts)

    def split(self, data: bytes, count: int) -> list[Any]:
        """Return the messages of an array."""
        try:
            found = self._unpacked(data)
        except (ValueError, TypeError, RecursionError) as error:
            raise linkError(f"a frame contains damaged msgpack: {error!r}") from error
        return _counted(found, count)

    def _extended(self, value: Any) -> Any:
        if type(value) is tuple:
            return self._extension(_TUPLE, self._packed(value))
        if type(value) is int:
            return self._extension(_INTEGER, b"%x" % value)
        name = self._nameOf(value)
        if name is None:
            raise _refuse(value)
        return name

    def _packed(self, items: tuple[Any, ...]) -> bytes:
        """Return the items of a tuple as bytes; the packer is in use while it calls this."""
        if self._level == DEEPEST_TUPLE:
            raise notEncodable(f"a message has more than {DEEPEST_TUPLE} levels of tuples")
        inner = MsgpackCodec(self._nameOf)
        inner._level = self._level + 1
        return inner.encode(list(items))

    def _unpacked(self, data: bytes) -> Any:
        return self._unpack(
            data, ext_hook=self._restored, strict_map_key=False, unicode_errors="surrogatepass"
        )

    def _restored(self, code: int, data: bytes) -> Any:
        if code == _TUPLE:
            return self._restoredTuple(data)
        if code == _INTEGER:
            return int(data, 16)
        raise ValueError(f"there is no extension type {code}")

    def _restoredTuple(self, data: bytes) -> tuple[Any, ...]:
        if self._level == DEEPEST_TUPLE:
            raise ValueError(f"more than {DEEPEST_TUPLE} levels of tuples")
        self._level += 1
        try:
            return tuple(self._unpacked(data))
        finally:
            self._level -= 1


class PickleCodec:
    """pickle: any object; only for a link to a process of this program."""

    name = "pickle"

    def __init__(self, nameOf: NameOf = noNames) -> None:
        self._nameOf = nameOf
        self.pack: Callable[[Any], bytes] = self.encode

    def encode(self, message: Any) -> bytes:
        """Return a message as bytes. Raise notEncodable for whatever pickle raises."""
        nameOf = self._nameOf

        class Pickler(pickle.Pickler):
            def persistent_id(self, thing: Any) -> str | None:
                return nameOf(thing)

        buffer = io.BytesIO()
        try:
            Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(message)
        except Exception as error:
            raise notEncodable(f"a {type(message).__name__} cannot be pickled: {error}") from error
        return buffer.getvalue()

    def join(self, parts: list[bytes]) -> bytes:
        """Return several messages, one after the other."""
        return b"".join(parts)

    def split(self, data: bytes, count: int) -> list[Any]:
        """Return the messages."""

        class Unpickler(pickle.Unpickler):
            def persistent_load(self, name: Any) -> Any:
                return name

        buffer = io.BytesIO(data)
        try:
            return [Unpickler(buffer).load() for _ in range(count)]
        except Exception as error:
            raise linkError(f"a frame cannot be unpickled: {error!r}") from error


_CODECS: dict[str, Callable[[NameOf], Codec]] = {
    "msgpack": MsgpackCodec,
    "json": JSONCodec,
    "pickle": PickleCodec,
}


def availableCodecs() -> list[str]:
    """Return the names of the codecs for plain data that work here, the best one first."""
    return ["msgpack", "json"] if find_spec("msgpack") is not None else ["json"]


def codecNamed(name: str, nameOf: NameOf = noNames) -> Codec:
    """Return a new codec. Raise linkError if there is none of this name here."""
    if name not in _CODECS or (name == "msgpack" and "msgpack" not in availableCodecs()):
        raise linkError(
            f"there is no codec {name!r} here; there are {', '.join(availableCodecs())}"
        )
    return _CODECS[name](nameOf)


def bestCodec(theirs: Iterable[str]) -> str:
    """Return the best codec that both ends have. Raise linkError if there is none."""
    known = set(theirs)
    found = next((name for name in availableCodecs() if name in known), None)
    if found is None:
        raise linkError(f"the peer has none of the codecs {', '.join(availableCodecs())}")
    return found
