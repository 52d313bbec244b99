"""The soak test of Kamaelia Grey: an hour of the traffic of a mail host, and then a month of it.

    python -m Tests.soak                              both parts, with the store in SQLite
    python -m Tests.soak --store redis --workers 2 --seed 7
    python -m Tests.soak --minutes 10 --scale 20      ten minutes of traffic, 20 times as fast
    python -m Tests.soak --part virtual --days 30
    python -m Tests.soak --part suspicion --seed 1    a week of mail in each mode of [suspicion]

The exit status is 1 if a mail was lost or duplicated, if the proxy accepted something that the
rules forbid, if memory or descriptors leak, or if the store differs from an independent model of
the rules. Each finding is printed as a sentence. Linux only.
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
from Tests.attacks.harness import say
from Tests.soak.liveSoak import Soak
from Tests.soak.model import Model
from Tests.soak.redisServer import RedisServer
from Tests.soak.suspicionWeek import HEAD, MODES, rowOf
from Tests.soak.virtualSoak import VirtualSoak

MOST_PRINTED = 10  # findings
PARTS = {"sockets": Soak, "virtual": VirtualSoak}


def main() -> int:
    options = parser().parse_args()
    wrong = 0
    for part, kind in PARTS.items():
        if options.part in ("both", part):
            with folderAndStore(options) as (folder, store):
                wrong += runPart(kind(options, folder, store), part)
    if options.part in ("both", "suspicion"):
        printWeek(options.seed)
    return bool(wrong)


def runPart(soak: Soak, part: str) -> int:
    """Run one part and print its figures; return the number of findings."""
    options = soak.options
    say(f"{part}: {options.store}, {options.workers} workers, seed {options.seed}")
    began = time.monotonic()
    soak.runToItsEnd()
    model = Model(soak.times)
    model.follow(soak.journal.happened())
    with closing(openStore(soak.store)) as opened:
        found = (list(opened.known()), list(opened.regulars()))
    differences = list(model.differences(*found, soak.clock()))
    figures = tableOf(soak, model, len(differences))
    figures["seconds"] = round(time.monotonic() - began)
    for name, figure in figures.items():
        say(f"{name:32}{figure:>14}")
    return judged([*soak.journal.wrong(), *soak.wrong(), *differences])


def printWeek(seed: int) -> None:
    """Print what each mode of [suspicion] does to a week of mail."""
    for row in (HEAD, *(rowOf(mode, seed, 7.0) for mode in MODES)):
        say(f"{row[0]:<35}" + "".join(f"{cell:<26}" for cell in row[1:]).rstrip())


def parser() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(
        prog="python -m Tests.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    words.add_argument("--minutes", type=float, default=60, help="minutes of simulated traffic")
    words.add_argument(
        "--scale", type=float, default=20, help="acceleration of the simulated traffic"
    )
    words.add_argument("--load", type=float, default=1, help="amount of traffic, as a factor")
    words.add_argument("--days", type=float, default=30, help="days of virtual time")
    words.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    words.add_argument("--store", choices=["sqlite", "redis"], default="sqlite")
    words.add_argument("--workers", type=int, default=1)
    words.add_argument("--part", choices=["both", *PARTS, "suspicion"], default="both")
    return words


@contextmanager
def folderAndStore(options: Any) -> Iterator[tuple[Path, str]]:
    """Create a folder and an empty store; yield the folder and the store's URL."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        if options.store == "sqlite":
            yield Path(folder), f"sqlite:{folder}/grey.db"
            return
        with RedisServer(folder) as url:
            yield Path(folder), url


def tableOf(soak: Soak, model: Model, differences: int) -> dict[str, Any]:
    """Return the figures to print at the end."""
    tally, seen = soak.journal.tally, soak.seen
    first, last = soak.samples[0][2], soak.samples[-1][2]
    return {
        "sessions": tally["sessions"],
        "mails": len(soak.journal.mails),
        "mails at the real server": tally["mails at the real server"],
        "taken without an answer": tally["taken without an answer"],
        "of them duplicated": soak.journal.doubled,
        "recipients deferred": tally["deferred"],
        "recipients passed": tally["accepted"],
        "recipients refused": tally["refused"],
        "recipients without an answer": tally["unheard"],
        **dict(sorted(seen.items())),
        "resident MiB, first": f"{first.resident / 2**20:.1f}",
        "resident MiB, last": f"{last.resident / 2**20:.1f}",
        "growth without disturbances, MiB": f"{soak.growth() / 2**20:.2f}",
        "descriptors idle, first": soak.idle.descriptors,
        "descriptors idle, last": soak.last.descriptors,
        "attempts checked by the model": model.tally["questions"],
        "of them with two possible answers": model.tally["either way"],
        "records in the store": model.tally["records"],
        "of them undetermined by the model": model.tally["left open"],
        "differences": differences,
    }


def judged(wrong: Iterable[str]) -> int:
    """Print the findings and return their number."""
    sentences = list(wrong)
    for sentence in sentences[:MOST_PRINTED]:
        say(f"FAULT: {sentence}")
    if sentences:
        say(f"{len(sentences)} faults")
    else:
        say("no faults")
    return len(sentences)


if __name__ == "__main__":
    sys.exit(main())
