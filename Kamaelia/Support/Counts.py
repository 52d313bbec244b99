"""Numbers with the noun that they count, in the singular or the plural."""

from __future__ import annotations


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return "1 message" or "2 messages" for "message"; `many` is any other plural."""
    return f"{number} {one if number == 1 else many or one + 's'}"
