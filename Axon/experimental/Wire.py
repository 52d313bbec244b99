"""Messages as bytes, on their way from one process to another.

A component means nothing elsewhere: one that is within a message, such as the
caller of a producerFinished, arrives as its name.
"""

from __future__ import annotations

import io
import pickle
from traceback import format_exception
from typing import Any

from Axon.Microprocess import microprocess

END = ""  # in place of a box's name: there is no more, and this is the error, if any


class _Pickler(pickle.Pickler):
    def persistent_id(self, thing: Any) -> str | None:
        return str(thing.name) if isinstance(thing, microprocess) else None


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, name: Any) -> Any:
        return name


def dumps(boxname: str, message: Any) -> bytes:
    """A message, and the box for which it is. Raises what pickle raises."""
    buffer = io.BytesIO()
    _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump((boxname, message))
    return buffer.getvalue()


def loads(data: bytes) -> Any:
    """(boxname, message)."""
    return _Unpickler(io.BytesIO(data)).load()


def dumpsError(error: BaseException | None) -> bytes:
    """How a process ended: its error, with its traceback as a note; one that cannot be pickled
    becomes a RuntimeError that says the same.
    """
    if error is None:
        return dumps(END, None)
    trace = "in its own process:\n" + "".join(format_exception(error))
    try:
        data = dumps(END, error)
        loads(data)
    except Exception:  # noqa: BLE001 - whatever a foreign class raises here
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(trace)
    return dumps(END, error)
