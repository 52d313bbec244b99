"""The exception with which a store or a policy says that its answer takes time.

Example usage::

    try:
        decision = store.decide(triple, rules, now)
    except Later as later:
        decision = await later.future
"""

from __future__ import annotations

from typing import Any


class Later(Exception):
    """Later(future, extra) -> raised instead of an answer: ask again when `future` is done.

    extra: seconds that the wait may take beyond `policy_timeout`.
    """

    def __init__(self, future: Any, extra: float = 0.0) -> None:
        super().__init__("policy needs time to answer")
        self.future = future
        self.extra = extra
