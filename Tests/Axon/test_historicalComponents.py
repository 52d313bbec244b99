"""Programs in the style of 1.14 run: each class here uses the idioms of that library's components.

The Watcher is a threaded selector, which links, sends and unlinks in its thread; sockets are
served by adapters that it notifies; a Carousel replaces its child; old-style components have
a mainBody(). The classes are written for these tests.
"""

import select
import socket
import threading
import time

from Axon.AdaptiveCommsComponent import AdaptiveCommsComponent
from Axon.Component import component, newComponent, scheduler, shutdown
from Axon.CoordinatingAssistantTracker import coordinatingassistanttracker
from Axon.Ipc import WaitComplete, producerFinished, shutdownMicroprocess
from Axon.ThreadedComponent import threadedadaptivecommscomponent, threadedcomponent
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.IPC import newReader, newWriter, removeReader, removeWriter

# A selector in a thread, which is a service


class Watcher(threadedadaptivecommscomponent):
    """Send a socket once to the box that asked for it, when it can be read or written."""

    Inboxes = {"control": "shutdown(): end when nothing is watched", "notify": "what to watch"}
    Outboxes = {"outbox": "NOT USED", "signal": "NOT USED"}

    def watch(self, watched, selectable, replyService, name):
        if selectable not in watched:
            outbox = self.addOutbox(name)
            link = self.link((self, outbox), replyService)
            link.showtransit = 0
            watched[selectable] = outbox, link

    def forget(self, watched, selectable):
        if selectable in watched:
            outbox, link = watched.pop(selectable)
            self.unlink(thelinkage=link)
            self.deleteOutbox(outbox)

    def handleNotify(self, readers, writers):
        while self.dataReady("notify"):
            message = self.recv("notify")
            if isinstance(message, newReader):
                replyService, selectable = message.object
                self.watch(readers, selectable, replyService, "readerNotify")
            if isinstance(message, newWriter):
                replyService, selectable = message.object
                self.watch(writers, selectable, replyService, "writerNotify")
            if isinstance(message, removeReader):
                self.forget(readers, message.object)
            if isinstance(message, removeWriter):
                self.forget(writers, message.object)
            message.object = None

    def main(self):
        readers, writers, shuttingDown = {}, {}, False
        while not shuttingDown or readers or writers:
            while self.dataReady("control"):
                shuttingDown = isinstance(self.recv("control"), shutdown) or shuttingDown
            self.handleNotify(readers, writers)
            if readers or writers:
                try:
                    readable, writable, _ = select.select(readers, writers, [], 0.005)
                except (ValueError, OSError):  # one has just been closed, and will be removed
                    readable, writable = [], []
                for watched, ready in ((readers, readable), (writers, writable)):
                    for selectable in ready:
                        self.send(selectable, watched[selectable][0])
                        self.forget(watched, selectable)
                self.sync()
            elif not self.anyReady() and not shuttingDown:
                self.pause(0.5)

    @staticmethod
    def getService(tracker):
        try:
            return tracker.retrieveService("watcher"), None
        except KeyError:
            watcher = Watcher()
            tracker.registerService("watcher", watcher, "notify")
            return (watcher, "notify"), watcher


class SocketAdapter(component):
    """Carry the data of one socket, which is not blocking."""

    Inboxes = {
        "inbox": "data to send",
        "control": "producerFinished",
        "ReadReady": "the socket can be read",
        "SendReady": "the socket can be written",
    }
    Outboxes = {
        "outbox": "data received",
        "signal": "producerFinished, when the connection is closed",
        "_selectorSignal": "to the watcher",
    }

    def __init__(self, sock, service):
        super(SocketAdapter, self).__init__()  # noqa: UP008 - this is how it was written
        self.socket, self.service = sock, service
        self.dataToSend = b""
        self.isLive = True

    def handleReceive(self):
        try:
            data = self.socket.recv(32768)
        except BlockingIOError:
            self.send(newReader(self, ((self, "ReadReady"), self.socket)), "_selectorSignal")
            return
        if data:
            self.send(data, "outbox")
            self.send(newReader(self, ((self, "ReadReady"), self.socket)), "_selectorSignal")
        else:
            self.isLive = False

    def flush(self):
        while self.dataToSend or self.dataReady("inbox"):
            if not self.dataToSend:
                self.dataToSend = self.recv("inbox")
            try:
                sent = self.socket.send(self.dataToSend)
            except BlockingIOError:
                self.send(newWriter(self, ((self, "SendReady"), self.socket)), "_selectorSignal")
                return
            self.dataToSend = self.dataToSend[sent:]

    def main(self):
        self.link((self, "_selectorSignal"), self.service)
        self.send(newReader(self, ((self, "ReadReady"), self.socket)), "_selectorSignal")
        while self.isLive:
            yield 1
            if self.dataReady("ReadReady"):
                self.recv("ReadReady")
                self.handleReceive()
            if self.dataReady("SendReady"):
                self.recv("SendReady")
            self.flush()
            if self.dataReady("control"):
                self.isLive = not isinstance(self.recv("control"), producerFinished)
            elif self.isLive and not self.anyReady():
                self.pause()

    def stop(self):
        if self.socket is not None:
            sock, self.socket = self.socket, None
            self.send(removeReader(self, sock), "_selectorSignal")
            self.send(removeWriter(self, sock), "_selectorSignal")
            self.send(producerFinished(self), "signal")
            sock.close()
        super(SocketAdapter, self).stop()  # noqa: UP008 - this is how it was written


class EchoServer(AdaptiveCommsComponent):
    """Accept `count` clients and echo what each sends; boxes are added for each client."""

    Inboxes = {"inbox": "NOT USED", "control": "NOT USED", "newconnection": "the listener"}
    Outboxes = {"outbox": "NOT USED", "signal": "NOT USED", "_selectorSignal": "to the watcher"}

    def __init__(self, listener, count):
        super(EchoServer, self).__init__()  # noqa: UP008 - this is how it was written
        self.listener, self.count = listener, count
        self.mostLinkages = 0

    def accept(self, service):
        sock, _ = self.listener.accept()
        sock.setblocking(False)
        adapter, name = SocketAdapter(sock, service), self.addInbox("closed")
        self.link((adapter, "outbox"), (adapter, "inbox"))
        self.link((adapter, "signal"), (self, name))
        self.trackResourceInformation(adapter, [name], [], None)
        self.addChildren(adapter)
        adapter.activate()

    def forgetClosed(self):
        for adapter in self.childComponents():
            [name], _, _ = self.retrieveTrackedResourceInformation(adapter)
            if self.dataReady(name):
                self.recv(name)
                self.removeChild(adapter)
                self.ceaseTrackingResource(adapter)
                self.deleteInbox(name)

    def main(self):
        service, watcher = Watcher.getService(self.tracker)
        if watcher:
            watcher.activate()
        self.link((self, "_selectorSignal"), service)
        accepted = 0
        self.send(newReader(self, ((self, "newconnection"), self.listener)), "_selectorSignal")
        while accepted < self.count or self.childComponents():
            if not self.anyReady():
                self.pause()
                yield 1
            self.mostLinkages = max(self.mostLinkages, len(self.postoffice.linkages))
            while self.dataReady("newconnection"):
                self.recv("newconnection")
                self.accept(service)
                accepted += 1
                if accepted < self.count:
                    again = newReader(self, ((self, "newconnection"), self.listener))
                    self.send(again, "_selectorSignal")
            self.forgetClosed()
        self.tracker.deRegisterService("watcher")
        service[0]._deliver(shutdown(), "control")


class SocketClient(threadedcomponent):
    """Talk to the server with blocking calls."""

    def main(self):
        with socket.create_connection(self.address, timeout=20) as sock:
            for word in self.words:
                sock.sendall(word)
                got = b""
                while len(got) < len(word):
                    got += sock.recv(1024)
                self.send(got)
        self.send(producerFinished(self), "signal")


class Keep(component):
    """Keep what comes, in the old idiom."""

    def __init__(self, **argd):
        super(Keep, self).__init__(**argd)  # noqa: UP008 - this is how it was written
        self.got = []

    def finished(self):
        while self.dataReady("control"):
            if isinstance(self.recv("control"), (producerFinished, shutdownMicroprocess)):
                return True
        return False

    def main(self):
        done = False
        while not done:
            while self.dataReady("inbox"):
                self.got.append(self.recv("inbox"))
            done = self.finished()
            if not done and not self.anyReady():
                self.pause()
            yield 1


def test_sockets_are_served_through_a_selector_in_a_thread():
    coordinatingassistanttracker.getcat().zap()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        server = EchoServer(listener, 3).activate()
        big = b"x" * 300_000
        words = [[b"hello", b"%d" % number, big] for number in range(3)]
        keeps = [Keep() for _ in words]
        for each, keep in zip(words, keeps, strict=True):
            client = SocketClient(words=each, address=listener.getsockname())
            Pipeline(client, keep).activate()
        scheduler.run.runThreads()
    assert [keep.got for keep in keeps] == words
    assert server.mostLinkages >= 3
    assert server.postoffice.linkages == []
    assert set(server.inboxes) == {"inbox", "control", "newconnection"}


# A carousel


class OldCarousel(component):
    """Replace the child by a new one for each message to "next"."""

    Inboxes = {"inbox": "to the child", "next": "what to create", "control": "producerFinished"}
    Outboxes = {"outbox": "from the child", "signal": "at the end", "_signal": "to the child"}

    def __init__(self, componentFactory):
        super(OldCarousel, self).__init__()  # noqa: UP008 - this is how it was written
        self.factory = componentFactory

    def main(self):
        shuttingDown = False
        while not shuttingDown or self.children or self.dataReady("next"):
            for child in self.childComponents():
                if child._isStopped():
                    self.removeChild(child)
            if self.dataReady("next") and not self.children:
                yield newComponent(self.newChild(self.recv("next")))
            shuttingDown = shuttingDown or bool(self.dataReady("control"))
            if not self.anyReady() or self.children:
                self.pause()
            yield 1
        self.send(self.recv("control"), "signal")

    def newChild(self, data):
        child = self.factory(data)
        self.addChildren(child)
        self.link((self, "inbox"), (child, "inbox"), passthrough=1)
        self.link((self, "_signal"), (child, "control"))
        self.link((child, "outbox"), (self, "outbox"), passthrough=2)
        return child


class Words(component):
    """Send each of the words in a turn of its own, in the old style."""

    def __init__(self, words):
        super(Words, self).__init__()  # noqa: UP008 - this is how it was written
        self.words = list(words)

    def mainBody(self):
        if not self.words:
            self.send(producerFinished(self), "signal")
            return 0
        self.send(self.words.pop(0), "outbox")
        return 1


def test_a_carousel_runs_one_child_after_another():
    keep = Keep()
    Graphline(
        WORDS=Words(["ab", "c", "def"]),
        CAROUSEL=OldCarousel(Words),
        KEEP=keep,
        linkages={
            ("WORDS", "outbox"): ("CAROUSEL", "next"),
            ("WORDS", "signal"): ("CAROUSEL", "control"),
            ("CAROUSEL", "outbox"): ("KEEP", "inbox"),
            ("CAROUSEL", "signal"): ("KEEP", "control"),
        },
    ).run()
    assert keep.got == [*"abcdef"]


# The old style, and what old programs read


class Limited(component):
    """Pass on what comes to two places, and note the time."""

    def initialiseComponent(self):
        assert self.init
        assert self.children == []
        assert self.debugger.note("Limited.initialiseComponent", 5, "begins")
        self.link((self, "copies"), (self.keep, "inbox"))
        self.times = [self.scheduler.time]
        return newComponent(self.keep)

    Outboxes = ["outbox", "signal", "copies"]

    def mainBody(self):
        self.times.append(self.scheduler.time)
        if self.dataReady("inbox"):
            data = self.recv("inbox")
            self.send(data, "outbox")
            self.send(data, "copies")
        elif self.dataReady("control"):
            self.end = self.recv("control")
            return 0
        else:
            self.pause()
        return 1

    def closeDownComponent(self):
        self.send(self.end, "signal")
        self.keep._deliver(self.end, "control")


def test_an_old_style_component_reads_the_time_and_creates_others():
    before, keeps = time.time(), (Keep(), Keep())
    limited = Limited(keep=keeps[0])
    Pipeline(Words(["one", "two"]), limited, keeps[1]).run()
    assert [keep.got for keep in keeps] == [["one", "two"]] * 2
    assert limited.times == sorted(limited.times)
    assert before - 1 <= limited.times[0] <= time.time()


def test_WaitComplete_runs_a_conversation_in_the_place_of_its_caller():
    class Conversation(component):
        def waitForLine(self):
            while not self.dataReady("inbox"):
                self.pause()
                yield 1
            self.line = self.recv("inbox")

        def main(self):
            for _ in range(2):
                yield WaitComplete(self.waitForLine())
                self.send(self.line.upper(), "outbox")
            self.send(producerFinished(self), "signal")

    keep = Keep()
    Pipeline(Words(["one", "two"]), Conversation(), keep).run()
    assert keep.got == ["ONE", "TWO"]


def test_a_threaded_old_style_component_runs_its_mainBody_in_a_thread():
    class Counter(threadedcomponent):
        count = 0

        def initialiseComponent(self):
            self.ident = threading.get_ident()

        def mainBody(self):
            self.send((self.count, threading.get_ident() == self.ident), "outbox")
            self.count += 1
            return self.count < 3

        def closeDownComponent(self):
            self.send(producerFinished(self), "signal")

    keep = Keep()
    Pipeline(Counter(), keep).run()
    assert keep.got == [(0, True), (1, True), (2, True)]
