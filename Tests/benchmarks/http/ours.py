"""Our server: Minimal on a folder, or a response from memory. Usage: ours.py FOLDER PORT [page]."""

import sys

from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Protocol.HTTP.Handlers.Minimal import MinimalFactory
from Kamaelia.Protocol.HTTP.Routing import HTTPProtocol

folder, port = sys.argv[1:3]


def page(request):
    return {"statuscode": 200, "content-type": "text/plain", "data": b"x" * 1024, "complete": True}


handler = page if sys.argv[3:] == ["page"] else MinimalFactory(homedirectory=folder)
ServerCore(
    protocol=HTTPProtocol([["/", handler]]),
    host="127.0.0.1",
    port=int(port),
    onListening=lambda _: print("READY", flush=True),
).run()
