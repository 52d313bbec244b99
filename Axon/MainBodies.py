"""What a main method returns: a generator, a coroutine, or a mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from Axon.Task import Task


def runnable(body: Any, task: Task, scheduler: Any) -> Any:
    """Return an object that runs `body`, which is not a plain generator, turn by turn.

    Raises TypeError, which names the microprocess, if no turns can be given to it.
    """
    if hasattr(body, "__await__") and hasattr(body, "send"):
        from Axon.AsyncBody import AsyncBody  # here, because it imports asyncio

        return AsyncBody(body, task, scheduler)
    if hasattr(body, "__anext__"):
        raise TypeError(
            f"the async main of {task.process.name} contains a yield: write await"
            " instead, such as `await asyncio.sleep(0)` to end a turn; or write `def main`"
        )
    if not hasattr(body, "send") or not hasattr(body, "throw"):
        raise TypeError(
            f"the main method of {task.process.name} must be a generator function"
            f" (with a yield in it) or an async function; it gave {body!r}"
        )
    return body
