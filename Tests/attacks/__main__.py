"""Attacks on servers and on the mail proxy, at full size; each checks rules.

    python -m Tests.attacks                       all attacks, one after another
    python -m Tests.attacks scanEcho fuzz         the named attacks
    python -m Tests.attacks --size 0.1 idle       one attack at a tenth of its size
    python -m Tests.attacks --list                the list of attacks

The exit status is 1 if a rule is broken; a sentence says which one. Linux only: the resources of a
server are read from /proc. An attack needs up to 11,000 descriptors in each process (ulimit -n).
"""

import argparse
import asyncio
import resource
import sys
import time
from collections.abc import Awaitable, Callable

from Axon.EventLoop import newLoop
from Tests.attacks import (
    deafHandlers,
    descriptors,
    disk,
    garbage,
    idle,
    killEverything,
    mailLoss,
    policyHooks,
    proxyFaults,
    reloads,
    scans,
    smuggling,
    storeFaults,
    streams,
    termination,
    unixPaths,
)
from Tests.attacks.harness import Broken

ATTACKS: dict[str, Callable[[float], Awaitable[None]]] = {
    work.__name__: work
    for module in (
        idle,
        streams,
        scans,
        descriptors,
        deafHandlers,
        unixPaths,
        mailLoss,
        killEverything,
        policyHooks,
        proxyFaults,
        smuggling,
        reloads,
        storeFaults,
        garbage,
        disk,
        termination,
    )
    for work in module.ATTACKS
}


def run(name: str, size: float) -> bool:
    """Run an attack; return whether all rules held."""
    began = time.monotonic()
    print(f"{name}: {(ATTACKS[name].__doc__ or '').strip()}", flush=True)
    try:
        with asyncio.Runner(loop_factory=newLoop) as runner:
            runner.run(ATTACKS[name](size))
    except (Broken, BaseExceptionGroup) as error:
        print(f"    BROKEN: {_firstOf(error)}", flush=True)
        return False
    print(f"    passed, in {time.monotonic() - began:.1f} s", flush=True)
    return True


def _firstOf(error: BaseException) -> BaseException:
    """Return the first broken rule; raise any other error of the attack."""
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
    parser.add_argument("names", nargs="*", metavar="name", help="name of an attack (default: all)")
    parser.add_argument("--size", type=float, default=1.0, help="size as a factor, 1 is full size")
    parser.add_argument("--list", action="store_true", help="list the attacks")
    options = parser.parse_args()
    unknown = set(options.names) - set(ATTACKS)
    if unknown:
        parser.error(f"unknown attack {', '.join(unknown)}; known are: {', '.join(ATTACKS)}")
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
