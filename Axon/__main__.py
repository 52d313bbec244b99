"""Print the version, the core and the event loop that a program in this environment uses.

python -m Axon
"""

import sys
from importlib.metadata import PackageNotFoundError, version

from Axon import Core
from Axon.EventLoop import nameOfLoop


def main() -> None:
    """Print one line for each of them."""
    try:
        installed = version("kamaelia")
    except PackageNotFoundError:
        installed = "not installed"
    lines = (
        f"version: {installed}",
        f"core: {Core.name()} ({Core.reason})",
        f"loop: {nameOfLoop()}",
        f"Python: {sys.version.split()[0]}",
    )
    print("\n".join(lines))  # noqa: T201 - its purpose


if __name__ == "__main__":
    main()
