"""A pipeline that a program without components uses as an object with put and get.

    python Examples/Handles/ask.py "what is this" "a handle"

A Handle is the way from ordinary code to a component. `put` sends to its inbox, `await get()` waits
for the next message from its outbox. Here the code is a coroutine of asyncio, and the pipeline runs
beside it on the same event loop. In a program with threads, `background().start()` runs the
components in a thread of their own, and put and get may be called in any thread.
"""

import argparse
import asyncio
from queue import Empty

from Axon.Handle import Handle
from Axon.Ipc import producerFinished
from Axon.Scheduler import scheduler
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Util.PureTransformer import PureTransformer


async def ask(questions: list[str]) -> None:
    """Print the answer to each question, then end the pipeline."""
    line = Pipeline(PureTransformer(str.split), PureTransformer(len))
    counter = Handle(line).activate()
    running = asyncio.create_task(scheduler.run.runAsync())
    for question in questions:
        counter.put(question)
        print(f"{question!r} has {await counter.get()} words")
    counter.put(producerFinished(), "control")
    try:
        await counter.get()
    except Empty:  # the pipeline has ended, and no message is left
        print("the pipeline has ended")
    await running


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("questions", nargs="*", default=["what is this", "a handle"])
    asyncio.run(ask(options.parse_args().questions))


if __name__ == "__main__":
    main()
