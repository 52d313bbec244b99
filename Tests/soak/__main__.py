"""A soak of Kamaelia Grey: an hour of a mail host's traffic, and then a month of it.

    python -m Tests.soak                              both parts, with the store in SQLite
    python -m Tests.soak --store redis --workers 2 --seed 7
    python -m Tests.soak --minutes 10 --scale 20      a part of the hour; 20 times as fast
    python -m Tests.soak --part virtual --days 30

Exits with 1 if a mail was lost or doubled, if something was accepted that the rules forbid, if
memory or descriptors leak, or if the store is not what an independent model of the rules says;
each in a sentence. Linux only.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from Kamaelia.Apps.Grey.Stores import openStore
from Tests.attacks.attacking import say
from Tests.soak.field import Field
from Tests.soak.model import Model
from Tests.soak.redis import RedisServer
from Tests.soak.virtual import Month

MOST_SAID = 10  # of the same kind
PARTS = {"sockets": Field, "virtual": Month}


def main() -> int:
    options = parser().parse_args()
    wrong = 0
    for part, kind in PARTS.items():
        if options.part in ("both", part):
            with folderAndStore(options) as (folder, store):
                wrong += soak(kind(options, folder, store), part)
    return bool(wrong)


def soak(field: Field, part: str) -> int:
    """How much is wrong."""
    options = field.options
    say(f"{part}: {options.store}, {options.workers} workers, seed {options.seed}")
    began = time.monotonic()
    field.runToItsEnd()
    model = Model(field.times)
    model.follow(field.books.happened())
    with closing(openStore(field.store)) as opened:
        found = (list(opened.known()), list(opened.regulars()))
    differences = list(model.differences(*found, field.clock()))
    figures = tableOf(field, model, len(differences))
    figures["seconds"] = round(time.monotonic() - began)
    for name, figure in figures.items():
        say(f"{name:32}{figure:>14}")
    return judged([*field.books.wrong(), *field.wrong(), *differences])


def parser() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(
        prog="python -m Tests.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    words.add_argument("--minutes", type=float, default=60, help="of traffic that is simulated")
    words.add_argument("--scale", type=float, default=20, help="how much faster it passes")
    words.add_argument("--load", type=float, default=1, help="how much of it there is")
    words.add_argument("--days", type=float, default=30, help="of virtual time")
    words.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    words.add_argument("--store", choices=["sqlite", "redis"], default="sqlite")
    words.add_argument("--workers", type=int, default=1)
    words.add_argument("--part", choices=["both", "sockets", "virtual"], default="both")
    return words


@contextmanager
def folderAndStore(options: Any) -> Iterator[tuple[Path, str]]:
    """A folder, and the setting of a store that is empty."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        if options.store == "sqlite":
            yield Path(folder), f"sqlite:{folder}/grey.db"
            return
        with RedisServer(folder) as url:
            yield Path(folder), url


def tableOf(field: Field, model: Model, differences: int) -> dict[str, Any]:
    """The figures at the end."""
    tally, seen = field.books.tally, field.seen
    first, last = field.samples[0][2], field.samples[-1][2]
    return {
        "sessions": tally["sessions"],
        "mails": len(field.books.mails),
        "mails at the real server": tally["mails at the real server"],
        "taken without a word": tally["taken without a word"],
        "of all, doubled": field.books.doubled,
        "recipients deferred": tally["deferred"],
        "recipients passed": tally["accepted"],
        "recipients refused": tally["refused"],
        "recipients unheard": tally["unheard"],
        **dict(sorted(seen.items())),
        "resident MiB, first": f"{first.resident / 2**20:.1f}",
        "resident MiB, last": f"{last.resident / 2**20:.1f}",
        "growth in the calm, MiB": f"{field.growth() / 2**20:.2f}",
        "descriptors idle, first": field.idle.descriptors,
        "descriptors idle, last": field.last.descriptors,
        "questions to the model": model.tally["questions"],
        "of them answered either way": model.tally["either way"],
        "records in the store": model.tally["records"],
        "of them left open by the model": model.tally["left open"],
        "differences": differences,
    }


def judged(wrong: Iterable[str]) -> int:
    """Says what is wrong; how much that is."""
    sentences = list(wrong)
    for sentence in sentences[:MOST_SAID]:
        say(f"WRONG: {sentence}")
    if sentences:
        say(f"{len(sentences)} things are wrong")
    else:
        say("nothing is wrong")
    return len(sentences)


if __name__ == "__main__":
    sys.exit(main())
