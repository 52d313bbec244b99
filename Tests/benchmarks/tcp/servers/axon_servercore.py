"""ServerCore with an echo protocol, in the historical idiom.

python axon_servercore.py --path DIR[:DIR2] PORT
"""

import socket
import sys

if "--path" in sys.argv:
    at = sys.argv.index("--path")
    sys.path[:0] = sys.argv[at + 1].split(":")
    del sys.argv[at : at + 2]

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.IPC import socketShutdown

ENDS = (producerFinished, shutdownMicroprocess, socketShutdown)


class Echo(component):
    def main(self):
        while True:
            while not self.anyReady():
                self.pause()
                yield 1
            for data in self.Inbox("inbox"):
                self.send(data, "outbox")
            for message in self.Inbox("control"):
                if isinstance(message, ENDS):
                    self.send(message, "signal")
                    return
            yield 1


class Ready(component):
    """Says that the server listens: it has had some turns by then."""

    def main(self):
        for _ in range(20):
            yield 1
        print("READY", flush=True)


Ready().activate()
ServerCore(
    protocol=lambda **_connection: Echo(),
    port=int(sys.argv[1]),
    socketOptions=(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1),
).run()
