"""Components in processes of their own, to use several processors.

Example usage
-------------
    ProcessPipeline(Reader("sums.txt"), Calculator(), ConsoleEchoer()).run()

    ProcessGraphline(
        NUMBERS=Numbers(),
        SUM=Total,                              # a factory: any callable that returns a component
        linkages={("NUMBERS", "outbox"): ("SUM", "inbox")},
    ).run()

How does it work?
-----------------
A ProcessWrapComponent represents each component, has the same boxes, and carries the messages
over a pipe, as a ThreadBridge does between threads. Messages are pickled; a component within a
message (such as the caller of a producerFinished) arrives as its name. A component is forked
with its process, which is safe only while no other thread runs; otherwise RuntimeError is raised.
A factory is pickled, and called in a newly started process.

Termination: it ends when the component has ended. An error of the component is raised like that
of any component. When the run ends, the process is terminated.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from itertools import pairwise
from math import inf
from multiprocessing import resource_tracker
from multiprocessing.context import SpawnProcess
from time import monotonic
from typing import Any

from Axon.AxonExceptions import noSpaceInBox, wiringError
from Axon.Box import NULL, UNUSED
from Axon.Component import component
from Axon.ComponentCheck import checkComponents, checkLinkages, checkNamedComponents, madeComponent
from Axon.CoordinatingAssistantTracker import coordinatingassistanttracker
from Axon.ErrorRouting import GRACE
from Axon.experimental.Wire import END, dumps, dumpsError, loads
from Axon.Ipc import producerFinished
from Axon.Scheduler import scheduler
from Axon.ThreadBridge import ThreadBridge, bridgedcomponent

_ours: list[Any] = []  # the ends of pipes that a forked process must not keep open


class ProcessWrapComponent(bridgedcomponent):
    """ProcessWrapComponent(somecomponent) -> that component, in a process of its own.

    somecomponent: a component that has not been activated, or a factory that can be pickled.
    This has the boxes of the component, or those of the factory's class. Raises wiringError for
    another object.
    now: the clock of ticking(), in seconds.
    """

    def __init__(self, somecomponent: Any, now: Callable[[], float] = monotonic) -> None:
        if not callable(somecomponent):
            checkComponents(type(self).__name__, [somecomponent])
        super().__init__()
        owner = getattr(somecomponent, "func", somecomponent)  # of a functools.partial
        inboxes: Iterable[str] = getattr(owner, "inboxes", getattr(owner, "Inboxes", self.inboxes))
        outboxes: Iterable[str] = getattr(
            owner, "outboxes", getattr(owner, "Outboxes", self.outboxes)
        )
        self.inboxes = dict.fromkeys(inboxes, UNUSED)
        self.outboxes = dict.fromkeys(outboxes, NULL)
        self._wrapped = somecomponent
        self._process: Any = None
        self._connection: Any = None
        self._hasEnded = False  # the process has reported its end
        self._now = now
        self._tick = now()

    def ticking(self) -> bool:
        """Return whether a second has passed since this last returned True, or since __init__.

        It is for a loop that does something once a second.
        """
        now = self._now()
        if now - self._tick < 1:
            return False
        self._tick = now
        return True

    def begin(self) -> None:
        """Start the process. Raises RuntimeError if it has to be forked while other threads run."""
        isForked = isinstance(self._wrapped, component)
        if isForked and threading.active_count() > 1:
            raise RuntimeError(
                f"{self._wrapped.name} cannot be forked safely while other threads run; give a"
                " factory instead: its class, or functools.partial(class, arguments)"
            )
        context: Any = multiprocessing.get_context("fork" if isForked else "spawn")
        self._connection, theirs = context.Pipe()
        _ours.append(self._connection)
        used = [name for name, sink in self.outboxes.items() if sink is not NULL]
        self._process = context.Process(
            target=_runInProcess, args=(self._wrapped, theirs, used), daemon=True, name=self.name
        )
        startProcess(self._process)
        theirs.close()

    def main(self) -> Generator[int, None, None]:
        if self._process is None:
            self.begin()
        bridge = self._openBridge()
        threads = [
            threading.Thread(target=each, args=(bridge, self._connection), daemon=True)
            for each in (_writeAll, self._readAll)
        ]
        self.scheduler.outside += 1
        for thread in threads:
            thread.start()
        try:
            yield from self._transferMessages(lambda: bridge.isFinished)
        finally:
            bridge.close()
            self._endProcess()
            for thread in threads:
                thread.join(GRACE)
            self._connection.close()
            _ours.remove(self._connection)
            self.scheduler.outside -= 1
        if bridge.error is not None:
            raise bridge.error

    def _endProcess(self) -> None:
        if not self._hasEnded:
            self._process.terminate()
        self._process.join(GRACE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _readAll(self, bridge: ThreadBridge, connection: Any) -> None:
        error = _readAll(bridge, connection)
        self._hasEnded = True
        if isinstance(error, EOFError):
            self._process.join(GRACE)
            code = self._process.exitcode
            error = RuntimeError(f"the process of {self.name} ended with exit code {code}")
        bridge.finish(error)
        self.scheduler.callFromThread(self._task.wake)


class _Far(bridgedcomponent):
    """In the other process: represents the components in the first process."""

    def __init__(self, inner: Any, connection: Any, used: list[str]) -> None:
        super().__init__()
        self.inboxes = dict.fromkeys(used, UNUSED)
        self.outboxes = dict.fromkeys(inner.inboxes, NULL)
        self._connection = connection
        self.addChildren(inner)
        for boxname in used:
            self.link((inner, boxname), (self, boxname))
        for boxname in inner.inboxes:
            self.link((self, boxname), (inner, boxname))

    def main(self) -> Generator[int, None, None]:
        bridge = self._openBridge()
        writer = threading.Thread(target=_writeAll, args=(bridge, self._connection), daemon=True)
        reader = threading.Thread(target=_readAll, args=(bridge, self._connection), daemon=True)
        self.scheduler.outside += 1
        writer.start()
        reader.start()
        self.children[0].activate()
        try:
            yield from self._transferMessages(self._isOver)
        finally:
            bridge.limit = inf
            self._transferIn()
            bridge.close()
            writer.join()
            self.scheduler.outside -= 1
        if bridge.error is not None:
            raise bridge.error

    def _isOver(self) -> bool:
        if not self.children[0].getTask().hasEnded() and not self._bridge.isFinished:
            return False
        self._bridge.outbound.clear()  # the component no longer takes it
        return True


def startProcess(process: Any) -> None:
    """Start a process that calls beginAnew(); until then, it has Ctrl-C blocked.

    A terminal sends it to all processes, and one that still imports modules would fail.
    """
    if isinstance(process, SpawnProcess):
        resource_tracker.ensure_running()  # otherwise start() does this, and unblocks Ctrl-C
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def beginAnew() -> None:
    """Leave to the first process, in one that it has started, what belongs to it."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process terminates this one
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    scheduler.run = scheduler()
    coordinatingassistanttracker.basecat = None


def _runInProcess(wrapped: Any, connection: Any, used: list[str]) -> None:
    """Run a component, or the result of a factory, in this process; then report how it ended."""
    beginAnew()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for each in _ours:
        each.close()
    error: BaseException | None = None
    try:
        if isinstance(wrapped, component):
            inner = wrapped
        else:
            inner = madeComponent(wrapped(), getattr(wrapped, "__name__", "factory"))
        _Far(inner, connection, used).run()
    except BaseException as raised:  # noqa: BLE001 - raised in the first process
        error = raised
    with suppress(OSError):
        connection.send_bytes(dumpsError(error))
        connection.close()


def _writeAll(bridge: ThreadBridge, connection: Any) -> None:
    """In a thread: send what has arrived, until the bridge is closed and empty."""

    def isLater(name: str) -> bool:  # it must not overtake earlier messages
        return isinstance(bridge.inbound[name][0], producerFinished)

    def ready() -> list[str]:
        return [name for name, queue in list(bridge.inbound.items()) if queue]

    while True:
        with bridge.changed:
            bridge.changed.wait_for(lambda: ready() or bridge.isClosed)
            names = sorted(ready(), key=isLater)
        if not names:
            return
        try:
            connection.send_bytes(dumps(names[0], bridge.take(names[0])))
        except OSError:  # the other side has ended, which the reader thread reports
            return
        except Exception as error:  # noqa: BLE001 - a class may raise anything when pickled
            error.add_note(f"a message for {names[0]!r} could not be sent to another process")
            bridge.finish(error)
            bridge.wakeScheduler()
            return


def _readAll(bridge: ThreadBridge, connection: Any) -> BaseException | None:
    """In a thread: put what the other side sends; return its error, or EOFError if it is gone."""
    while True:
        try:
            name, message = loads(connection.recv_bytes())
        except (EOFError, OSError) as error:
            return error if isinstance(error, EOFError) else EOFError()
        if name == END:
            return message  # type: ignore[no-any-return]
        _putWhenThereIsRoom(bridge, message, name)


def _putWhenThereIsRoom(bridge: ThreadBridge, message: Any, name: str) -> None:
    try:
        bridge.put(message, name)
    except noSpaceInBox:
        bridge.flush()
        bridge.put(message, name)


class _processes(component):
    """Components in processes, and their linkages; a name that is not a part means this one."""

    def __init__(self, parts: dict[str, Any], linkages: dict[Any, Any]) -> None:
        super().__init__()
        wraps = {name: ProcessWrapComponent(part) for name, part in parts.items()}
        self.addChildren(*wraps.values())
        for (source, box), (sink, sinkbox) in linkages.items():
            if source not in parts:
                self._inboxes.setdefault(box, UNUSED)
            if sink not in parts:
                self.outboxes.setdefault(sinkbox, NULL)
            kind = 1 if source not in parts else 2 if sink not in parts else 0
            fromWhom, toWhom = wraps.get(source, self), wraps.get(sink, self)
            self.link((fromWhom, box), (toWhom, sinkbox), passthrough=kind)

    def main(self) -> Generator[int, None, None]:
        for each in self.children:  # all of them before one starts threads
            each.begin()
        for each in self.children:
            each.activate(Scheduler=self.scheduler)
        while not all(each.getTask().hasEnded() for each in self.children):
            yield from self.waitForChange()


class ProcessPipelineComponent(_processes):
    """ProcessPipelineComponent(*components) -> a pipeline, each part in a process of its own."""

    def __init__(self, *components: Any) -> None:
        if not components:
            raise wiringError("a pipeline has one component at least")
        parts = {str(number): part for number, part in enumerate(components)}
        linkages = {}
        for source, sink in pairwise(["", *parts, ""]):
            for inbox, outbox in (("inbox", "outbox"), ("control", "signal")):
                box = outbox if source else inbox
                linkages[source, box] = (sink, inbox if sink else outbox)
        super().__init__(parts, linkages)


def ProcessPipeline(*components: Any) -> ProcessPipelineComponent:
    """ProcessPipeline(*components) -> a pipeline, each part in a process of its own."""
    return ProcessPipelineComponent(*components)


def ProcessGraphline(**graphline_spec: Any) -> component:
    """ProcessGraphline(linkages={...}, NAME=component, ...) -> each part in a process of its own.

    A name that is not a part means the whole. Names that begin with "__" are historical options.
    """
    linkages = graphline_spec.pop("linkages", None)
    parts = {name: part for name, part in graphline_spec.items() if not name.startswith("__")}
    made = {name: part for name, part in parts.items() if not callable(part)}
    checkNamedComponents("ProcessGraphline", made)
    checkLinkages("ProcessGraphline", linkages, parts)
    return _processes(parts, linkages)


__kamaelia_components__ = (ProcessWrapComponent, ProcessPipelineComponent)
__kamaelia_prefabs__ = (ProcessPipeline, ProcessGraphline)
