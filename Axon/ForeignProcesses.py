"""Microprocesses and schedulers of other classes, which have the historical methods.

How does it work?
-----------------
A scheduler gives turns to any object with `__next__()`, `stop()` and
`_closeDownMicroprocess()` through a microprocess that represents it. A
microprocess that is activated in a foreign scheduler is handed over through
`_addThread`; its Task passes each wake-up on to that scheduler.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from Axon.Microprocess import microprocess


class ForeignProcesses:
    """ForeignProcesses() -> the objects with turns in a scheduler that are not microprocesses."""

    __slots__ = ("_proxies",)

    def __init__(self) -> None:
        self._proxies: dict[int, _Proxy] = {}

    def microprocessOf(self, each: Any, mayBeNew: bool = False) -> Any:
        """Return the microprocess that represents `each`, which may be `each` itself, or None."""
        if isinstance(each, microprocess):
            return each
        proxy = self._proxies.get(id(each))
        if proxy is None and mayBeNew:
            proxy = self._proxies[id(each)] = _Proxy(each, self._proxies)
        return proxy

    def originalOf(self, process: Any) -> Any:
        """Return the object that `process` represents, or `process` itself."""
        return process.original if type(process) is _Proxy else process


class _Proxy(microprocess):
    """_Proxy(original, proxies) -> a microprocess that steps `original`.

    It is registered in `proxies` until it ends.
    """

    def __init__(self, original: Any, proxies: dict[int, _Proxy]) -> None:
        super().__init__()
        self.original = original
        self._proxies = proxies
        self.name = str(getattr(original, "name", None) or f"{type(original).__name__}_{self.id}")

    def main(self) -> Generator[object, None, None]:
        yield from iter(self._step, _END)

    def _step(self) -> object:
        try:
            return next(self.original)
        except StopIteration:
            return _END

    def stop(self) -> None:
        wasStopped = self._isStopping
        super().stop()
        if not wasStopped:
            self.original.stop()

    def _closeDownMicroprocess(self) -> Any:
        self._proxies.pop(id(self.original), None)
        return self.original._closeDownMicroprocess()  # part of the historical interface


_END = object()
