"""A server, its connections and its handlers in an Introspector and in a snapshot."""

import asyncio
import re

from Axon.Component import component
from Axon.Introspection import snapshot
from Axon.Introspector import Introspector
from Axon.Scheduler import scheduler
from Kamaelia.Chassis.ConnectedServer import ServerCore

CLIENTS = 20


class Brief(component):
    """Run for 5 ms."""

    def main(self):
        self.pause(0.005)
        yield 1
        self.send(b"done")


class Echo(component):
    async def main(self):
        async for data in self.messages():
            self.send(data)


async def started(protocol):
    """Return a server that listens, and the run of its scheduler."""
    listening = asyncio.Event()
    server = ServerCore(
        protocol=protocol, host="127.0.0.1", port=0, onListening=lambda _: listening.set()
    ).activate()
    running = asyncio.create_task(scheduler.run.runAsync())
    await listening.wait()
    return server, running


def test_each_handler_of_a_server_appears_however_short_it_lives():
    texts = []
    introspector, ear = Introspector(), component()
    ear.takeDirectly("inbox", texts.append)
    ear.link((introspector, "outbox"), (ear, "inbox"))
    introspector.activate()

    async def client(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        said = await reader.read()
        writer.close()
        await writer.wait_closed()
        return said

    async def program():
        server, running = await started(Brief)
        said = await asyncio.gather(*(client(server.port) for _ in range(CLIENTS)))
        scheduler.run.stop()
        await running
        return said

    assert asyncio.run(program()) == [b"done"] * CLIENTS
    text = "".join(texts)
    handlers = re.findall(r'ADD NODE "(\d+)" "\S*\.Brief_\d+" randompos component\n', text)
    assert len(handlers) == CLIENTS
    for each in handlers:
        assert f"""ADD LINK "({each}, 'o', 'outbox')" """ in text
        if f'DEL NODE "{each}"' in text:
            assert text.index(f'ADD NODE "{each}"') < text.index(f'DEL NODE "{each}"')


def test_a_snapshot_contains_the_linkages_between_a_connection_and_its_handler():
    async def program():
        server, running = await started(Echo)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"hello")
        await reader.readexactly(5)
        taken = snapshot(scheduler.run)
        writer.close()
        scheduler.run.stop()
        await running
        return taken

    taken = asyncio.run(program())
    (handler,) = (each for each in taken.components if each.className.endswith("Echo"))
    (connection,) = (each for each in taken.components if each.id == handler.parent)
    joints = {
        (each.source, each.sourceBox, each.sink, each.sinkBox)
        for each in taken.linkages
        if each.kind == "direct"
    }
    assert joints == {
        (connection.id, "outbox", handler.id, "inbox"),
        (connection.id, "signal", handler.id, "control"),
        (handler.id, "outbox", connection.id, "inbox"),
        (handler.id, "signal", connection.id, "control"),
    }
