"""Attacks on servers and on the mail proxy, at full size; each checks a rule.

    python -m Tests.attacks                       all of them, one after the other
    python -m Tests.attacks scans lossesReplay    these
    python -m Tests.attacks --size 0.1 idle       at a tenth of its size
    python -m Tests.attacks --list                which there are

Exits with 1 if a rule is broken, and says in a sentence which. Linux only: what a server has
is read from /proc. Each needs up to 11,000 descriptors here and in the server (ulimit -n).
"""

import argparse
import asyncio
import resource
import sys
import time
from collections.abc import Awaitable, Callable

from Axon.EventLoop import newLoop
from Tests.attacks import (
    descriptors,
    disk,
    garbage,
    idle,
    killEverything,
    mailLoss,
    proxyFaults,
    scans,
    streams,
    termination,
)
from Tests.attacks.harness import Broken

ATTACKS: dict[str, Callable[[float], Awaitable[None]]] = {
    work.__name__: work
    for module in (
        idle,
        streams,
        scans,
        descriptors,
        mailLoss,
        killEverything,
        proxyFaults,
        garbage,
        disk,
        termination,
    )
    for work in module.ATTACKS
}


def run(name: str, size: float) -> bool:
    """Whether what is attacked stood it."""
    began = time.monotonic()
    print(f"{name}: {(ATTACKS[name].__doc__ or '').strip()}", flush=True)
    try:
        with asyncio.Runner(loop_factory=newLoop) as runner:
            runner.run(ATTACKS[name](size))
    except (Broken, BaseExceptionGroup) as error:
        print(f"    BROKEN: {_firstOf(error)}", flush=True)
        return False
    print(f"    stood it, in {time.monotonic() - began:.1f} s", flush=True)
    return True


def _firstOf(error: BaseException) -> BaseException:
    """The rule that was broken first; any other error of the attack itself is raised."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if not isinstance(error, Broken):
        raise error
    return error


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m Tests.attacks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="name", help="of an attack; none: all")
    parser.add_argument("--size", type=float, default=1.0, help="1 is full size")
    parser.add_argument("--list", action="store_true", help="say which there are")
    options = parser.parse_args()
    unknown = set(options.names) - set(ATTACKS)
    if unknown:
        parser.error(f"no attack is called {', '.join(unknown)}; there are: {', '.join(ATTACKS)}")
    if options.list:
        for name, work in ATTACKS.items():
            print(f"{name:16} {(work.__doc__ or '').strip()}")
        return 0
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    broken = [name for name in options.names or ATTACKS if not run(name, options.size)]
    if broken:
        print(f"broken: {', '.join(broken)}")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
