"""The values that a policy hook may return, and their meanings.

Example usage::

    >>> judged(True, "whiteListed"), judged(None, "whiteListed"), judged(1, "whiteListed")
    (True, False, True)
    >>> judged("yes", "whiteListed")
    Traceback (most recent call last):
    NotAnAnswer: the policy hook whiteListed() returned a str, but it must return True or False

How does it work?

Almost every object is true, including coroutines and generators. A hook that returns one by
mistake must not accept a mail. So only True, False, 1, 0 and None are valid.
"""

from __future__ import annotations

__all__ = ["NotAnAnswer", "isAwaitable", "judged"]


class NotAnAnswer(TypeError):
    """The error for a policy hook that returned an invalid value."""


def judged(result: object, hook: str) -> bool:
    """Return the answer of a hook as a bool. Raise NotAnAnswer if it is invalid."""
    if result is True or result is False:
        return result
    if result is None or (type(result) is int and result in (0, 1)):
        return bool(result)
    if isAwaitable(result) and hasattr(result, "close"):
        result.close()  # or Python warns that it was never awaited
    kind = type(result).__name__
    article = "an" if kind[:1].lower() in "aeiou" else "a"
    raise NotAnAnswer(
        f"the policy hook {hook}() returned {article} {kind}, but it must return True or False"
    )


def isAwaitable(result: object) -> bool:
    """Return whether `await result` is possible."""
    return hasattr(type(result), "__await__")
