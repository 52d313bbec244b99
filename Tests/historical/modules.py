"""Import every module of the historical package Kamaelia, on our Axon.

    PYTHONPATH=DISTRIBUTION:CHECKOUT python Tests/historical/modules.py

prints a line of JSON for each: its name, and the error, if there was one.
"""

import importlib
import json
import os
import pkgutil
import sys
import warnings


def main() -> None:
    import Kamaelia

    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what modules print
    warnings.simplefilter("ignore")
    for found in pkgutil.walk_packages(Kamaelia.__path__, "Kamaelia.", onerror=lambda _: None):
        error = None
        try:
            importlib.import_module(found.name)
        except (Exception, SystemExit) as raised:  # noqa: BLE001 - it is reported
            error = f"{type(raised).__name__}: {raised}"
        print(json.dumps([found.name, error]), file=out, flush=True)


if __name__ == "__main__":
    sys.exit(main())
