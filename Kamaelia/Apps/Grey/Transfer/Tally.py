"""The numbers of records that were read and that were damaged."""

from __future__ import annotations

from dataclasses import dataclass

from Kamaelia.Support.Counts import counted


@dataclass
class Tally:
    """Tally() -> counts records while an iterator reads them."""

    read: int = 0
    damaged: int = 0

    def __str__(self) -> str:
        read = counted(self.read, "record was", "records were")
        return f"{read} imported, {counted(self.damaged, 'was', 'were')} damaged."
