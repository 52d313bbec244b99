"""The numbers of records that were read and that were damaged."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Tally:
    """Tally() -> counts records while an iterator reads them."""

    read: int = 0
    damaged: int = 0

    def __str__(self) -> str:
        return f"{self.read} records were imported, {self.damaged} were damaged."
