"""The two ends of a link, as a transport sees them.

How does it work?
-----------------
RemoteOut and RemoteIn each have an end. It contains the rules (Kamaelia.Support.Links), the events
for which a transport waits, and `changed`, which wakes the component. A transport carries frames
between two ends until it is cancelled. It reports through `connected` and `interrupted`; an
interruption is a wait and not an error, unless it lasts longer than `patience`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from Axon.Microprocess import microprocess
from Kamaelia.Support.Links.Codecs import Codec, codecNamed
from Kamaelia.Support.Links.Errors import linkError
from Kamaelia.Support.Links.Incoming import Incoming
from Kamaelia.Support.Links.Outgoing import Outgoing

logger = logging.getLogger("Kamaelia.Net")

BACKOFF = 0.02, 1.0  # seconds between two attempts to connect: at first, and at most


def nameOfComponent(thing: Any) -> str | None:
    """Return the name of a component, which is sent in its place; None for other objects."""
    return str(thing.name) if isinstance(thing, microprocess) else None


class LinkEnd:
    """LinkEnd(owner, name, patience): what both kinds of ends have in common.

    owner: the component. name: that of the link. patience: the most seconds without a connection.
    """

    def __init__(self, owner: Any, name: str, patience: float | None) -> None:
        self.name = name
        self.owner = owner
        self.identity = f"{owner.name} in process {os.getpid()} on {socket.gethostname()}"
        self.token = os.urandom(8).hex()  # of this end, whatever connections it has
        self.epoch = 0  # the number of this reader or writer of the link, where the engine counts
        self.error: BaseException | None = None
        self.over = asyncio.Event()  # the component wants to end: confirm what is done, and return
        self._patience = patience
        self._interruption: str | None = None  # the error of the present interruption
        self._timer: asyncio.TimerHandle | None = None
        self._job: asyncio.Task[None] | None = None

    def changed(self) -> None:
        """Wake the component."""
        self.owner.unpause()

    def connected(self) -> None:
        """Note that the link works."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._interruption is not None:
            logger.info("%s: the link %r works again", self.owner.name, self.name)
            self._interruption = None

    def interrupted(self, error: BaseException) -> None:
        """Note that the link does not work; after `patience` seconds this is an error."""
        isFirst = self._interruption is None
        self._interruption = str(error) or type(error).__name__
        if not isFirst:
            return
        logger.info("%s: waits for the link %r: %s", self.owner.name, self.name, self._interruption)
        if self._patience is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._patience, self._losePatience)

    def _losePatience(self) -> None:
        self.fail(
            linkError(
                f"the link {self.name!r} has not worked for {self._patience} seconds:"
                f" {self._interruption}"
            )
        )

    def fail(self, error: BaseException) -> None:
        """Let the component end with `error`; the first one counts."""
        if self.error is None:
            self.error = error
        self.changed()

    # Called by the component

    def start(self, carry: Callable[[Any], Any]) -> None:
        """Run `carry(self)`, a method of a transport, as a task."""
        self._job = asyncio.get_running_loop().create_task(self._run(carry))

    async def _run(self, carry: Callable[[Any], Any]) -> None:
        try:
            await carry(self)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - the component raises it
            self.fail(error)
        self.changed()

    def hasStopped(self) -> bool:
        """Return whether the transport has finished."""
        return self._job is None or self._job.done()

    def cancel(self) -> None:
        """Stop the transport."""
        if self._timer is not None:
            self._timer.cancel()
        if self._job is not None:
            self._job.cancel()


class WriterEnd(LinkEnd):
    """The end of a RemoteOut. A transport sends `outgoing.take()` and awaits `waitForFrames()`."""

    def __init__(self, owner: Any, name: str, patience: float | None, outgoing: Outgoing) -> None:
        super().__init__(owner, name, patience)
        self.outgoing = outgoing
        self.isAsleep = False  # the transport waits for something to send
        self._ready = asyncio.Event()
        self.finished = asyncio.Event()  # the end is done

    def wakeTransport(self) -> None:
        """Let the transport look for something to send."""
        self.isAsleep = False
        self._ready.set()

    async def waitForFrames(self) -> None:
        """Wait until there may be something to send."""
        if not self.outgoing.hasFrames():
            self._ready.clear()
            self.isAsleep = True
            await self._ready.wait()

    def confirm(self, number: int) -> None:
        """Note that the messages up to `number` are done."""
        self.outgoing.confirm(number)
        if self.outgoing.isDone():
            self.finished.set()
        self.changed()


class ReaderEnd(LinkEnd):
    """The end of a RemoteIn.

    A transport passes frames to `incoming`, waits for `room` while that holds more than `limit`
    messages, and confirms `confirmable` when `toConfirm` is set.
    """

    def __init__(
        self,
        owner: Any,
        name: str,
        patience: float | None,
        limit: int,
        codecs: list[str],
        incoming: Incoming,
        heartbeat: float,
    ) -> None:
        super().__init__(owner, name, patience)
        self.incoming = incoming
        self.heartbeat = heartbeat  # of a reader that shares its link
        self.limit = limit
        self.codecs = codecs  # the names of those that this end accepts
        self.begun = asyncio.Event()  # it is known where the link continues
        self.room = asyncio.Event()
        self.toConfirm = asyncio.Event()
        self.confirmable = 0
        self.settled = 0  # the number of messages of which the link knows that they are done
        self.secured = 0  # the link will know it of so many, even if this process is killed now
        #: Confirms messages up to a number; returns whether this can no longer be lost.
        self.confirmAtOnce: Callable[[int], bool] = cannotConfirmAtOnce
        self._known: dict[str, Codec] = {}

    def codec(self, name: str) -> Codec:
        """Return the codec of this name. Raise linkError if this end does not accept it."""
        if name not in self._known:
            if name not in self.codecs:
                raise linkError(f"the codec {name!r} is not accepted, only {self.codecs}")
            self._known[name] = codecNamed(name)
        return self._known[name]

    def begin(self, position: int, endKind: str | None = None) -> None:
        """Continue after the message `position`, which is done; endKind: it was the end."""
        self.incoming.begin(position, endKind)
        self.confirmable = self.settled = self.secured = position
        self.begun.set()

    def settle(self, number: int) -> None:
        """Note that the link knows that the messages up to `number` are done."""
        if number > self.settled:
            self.settled = number
            self.secured = max(self.secured, number)
            self.changed()

    def isSettledToTheEnd(self) -> bool:
        """Return whether the link knows that the end of the writer is done."""
        incoming = self.incoming
        return incoming.endKind is not None and self.settled >= incoming.last

    def confirmUpTo(self, number: int) -> None:
        """Let the transport confirm all messages up to `number`."""
        if number > self.confirmable:
            self.confirmable = number
            self.toConfirm.set()
            self.room.set()

    def secure(self) -> None:
        """Confirm what is done at once if the transport can, so that more may be handed out."""
        if self.confirmable > self.secured and self.confirmAtOnce(self.confirmable):
            self.secured = self.confirmable

    def leave(self) -> None:
        """Let the transport confirm what is done, and return."""
        self.over.set()
        self.toConfirm.set()
        self.room.set()

    async def waitForRoom(self) -> None:
        """Wait until fewer than `limit` messages wait to be handed out.

        The answer to a confirmation may be behind other messages, so while one is expected there
        is no wait; the window of the writer limits what may arrive then.
        """
        while (
            self.incoming.waiting() >= self.limit
            and self.secured >= self.confirmable
            and not self.over.is_set()
        ):
            self.room.clear()
            await self.room.wait()


def cannotConfirmAtOnce(number: int) -> bool:
    """Do nothing: the confirmation is sent by the task of the transport."""
    return False


class Transport(Protocol):
    """A way to carry frames between two ends. Both methods run until they are cancelled."""

    isLocal: bool  # the far end is a process of this program
    isShareable: bool  # several readers may share a link

    async def write(self, end: WriterEnd) -> None:
        """Carry frames from `end`. Raise linkError if the link cannot work."""

    async def read(self, end: ReaderEnd) -> None:
        """Carry frames to `end` until `end.over` is set and what is done has been confirmed."""


async def keepTrying(attempt: Callable[[], Any], end: LinkEnd, lost: Any = OSError) -> None:
    """Await `attempt()` again whenever it raises `lost`: an error of the connection."""
    delay, longest = BACKOFF
    while True:
        begun = asyncio.get_running_loop().time()
        try:
            await attempt()
            return
        except lost as error:
            end.interrupted(error)
        if asyncio.get_running_loop().time() - begun > longest:
            delay = BACKOFF[0]
        await asyncio.sleep(delay)
        delay = min(delay * 2, longest)


async def firstOf(*coroutines: Any) -> None:
    """Run coroutines until one returns or raises; cancel the others, and raise its error."""
    current = asyncio.current_task()
    cancelled = current.cancelling() if current is not None else 0
    tasks = [asyncio.ensure_future(each) for each in coroutines]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        done = [task for task in tasks if task.done()]
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(BaseException):
                await task
    if current is not None and current.cancelling() > cancelled:  # while it awaited the others
        raise asyncio.CancelledError
    for task in done:
        task.result()
