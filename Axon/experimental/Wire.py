"""Messages as bytes, for the pipe between two processes.

A component has no meaning in another process: a component within a message, such as the caller
of a producerFinished, arrives as its name.
"""

from __future__ import annotations

import io
import pickle
from traceback import format_exception
from typing import Any

from Axon.Microprocess import microprocess

END = ""  # instead of a box name: the last entry, which contains the error, if any


class _Pickler(pickle.Pickler):
    def persistent_id(self, thing: Any) -> str | None:
        return str(thing.name) if isinstance(thing, microprocess) else None


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, name: Any) -> Any:
        return name


def dumps(boxname: str, message: Any) -> bytes:
    """Return a message and the name of its box as bytes. Raises what pickle raises."""
    buffer = io.BytesIO()
    _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump((boxname, message))
    return buffer.getvalue()


def loads(data: bytes) -> Any:
    """Return (boxname, message)."""
    return _Unpickler(io.BytesIO(data)).load()


def dumpsError(error: BaseException | None) -> bytes:
    """Return the error of a process as bytes, with its traceback as a note.

    An error that cannot be pickled becomes a RuntimeError with the same text.
    """
    if error is None:
        return dumps(END, None)
    trace = "in its own process:\n" + "".join(format_exception(error))
    try:
        data = dumps(END, error)
        loads(data)
    except Exception:  # noqa: BLE001 - a class may raise anything when pickled
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(trace)
    return dumps(END, error)
