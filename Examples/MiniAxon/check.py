"""Run tests of Axon's contract on a core of your own.

    python Examples/MiniAxon/check.py Examples/MiniAxon/miniaxon.py

The tests are those of Tests/Axon/test_contract.py, with the names component, scheduler and
producerFinished taken from your module. It prints a sentence for each test; the exit status is 1
if one of them fails. A core that never ends is stopped after ten seconds.
"""

import argparse
import ast
import itertools
import os
import runpy
import sys
import threading
import traceback
from pathlib import Path
from types import SimpleNamespace

CONTRACT = Path(__file__).resolve().parents[2] / "Tests/Axon/test_contract.py"
PARTS = {"GeneratorRelay", "GeneratorCounter", "Keeper", "Script", "pipeline"}
TESTS = (
    "test_messages_arrive_in_the_order_in_which_they_were_sent",
    "test_a_producer_that_sends_and_ends_in_one_turn_loses_nothing",
)
NAMES = ("component", "scheduler", "producerFinished")


def contractOn(core):
    """Return the tests, defined with the names of a core instead of Axon's."""
    tree = ast.parse(CONTRACT.read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if getattr(node, "name", "") in {*PARTS, *TESTS}]
    names = {name: core[name] for name in NAMES} | {"itertools": itertools}
    exec(compile(tree, str(CONTRACT), "exec"), names)  # noqa: S102 - the file is our own
    return [names[name] for name in TESTS], SimpleNamespace(
        Relay=names["GeneratorRelay"], Counter=names["GeneratorCounter"]
    )


def stopAfter(seconds):
    """End the program after this time, and show where it was."""
    program = threading.get_ident()

    def stop():
        print("it does not end; it was here:")
        traceback.print_stack(sys._current_frames()[program], file=sys.stdout)
        sys.stdout.flush()
        os._exit(1)

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("module", help="the file of your core, such as miniaxon.py")
    parser.add_argument(
        "--seconds", type=float, default=10, help="the time that it may take (%(default)s)"
    )
    chosen = parser.parse_args()
    core = runpy.run_path(chosen.module)
    missing = [name for name in NAMES if name not in core]
    if missing:
        parser.error(f"the module does not define {', '.join(missing)}")
    stopAfter(chosen.seconds)
    failed = 0
    tests, body = contractOn(core)
    for test in tests:
        sentence = test.__name__.removeprefix("test_").replace("_", " ")
        try:
            test(body)
        except Exception as error:  # noqa: BLE001 - a core under test may raise anything
            failed += 1
            print(f"failed: {sentence} ({type(error).__name__}: {error})")
        else:
            print(f"passed: {sentence}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
