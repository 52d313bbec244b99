"""A real browser and a WebSocket server on the same port as its page."""

import pytest

from Kamaelia.Protocol.WebSocket.WebSocketServer import webSocketHandler
from Tests.Kamaelia.Protocol.browser import browser
from Tests.Kamaelia.Protocol.WebSocket.conftest import protocolOf
from Tests.Kamaelia.sockets import Echo

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(180)]

ECHO = """
new Promise((resolve, reject) => {
    const got = [];
    const socket = new WebSocket(`ws://${location.host}/echo`, ["other", "echo"]);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
        socket.send("grüße €😀");
        socket.send("");
        socket.send(new Uint8Array([0, 128, 255]));
        socket.send("x".repeat(300000));
        socket.send(new Uint8Array(700000));
    };
    socket.onmessage = event => {
        const isText = typeof event.data === "string";
        got.push(isText ? event.data.slice(0, 20) + event.data.length
                        : [...new Uint8Array(event.data).slice(0, 3), event.data.byteLength]);
        if (got.length === 5) socket.close(4001, "done");
    };
    socket.onclose = event =>
        resolve([got, event.code, event.reason, event.wasClean, socket.protocol]);
    socket.onerror = () => reject(new Error("the WebSocket failed"));
})
"""

ATTEMPT = """
new Promise(resolve => {
    const socket = new WebSocket("ws://127.0.0.1:%d/echo");
    socket.onopen = () => resolve("open");
    socket.onerror = () => resolve("refused");
})
"""


@pytest.fixture
def inBrowser(serving, tmp_path):
    """Return inBrowser(use): run use(tab, port) with a tab that shows a page of the server."""
    answer = webSocketHandler(lambda _: Echo(), subprotocols=["echo"])

    def choose(request):
        if request["raw-uri"] == "/echo":
            return answer(request)
        return {"statuscode": 200, "content-type": "text/html", "data": "<title>page</title>"}

    def run(use):
        def client(server):
            with browser(tmp_path) as tab:
                tab.open(f"http://localhost:{server.port}/")
                return use(tab, server.port)

        return serving(client, protocol=protocolOf(choose))

    return run


def test_a_browser_gets_its_messages_back_and_closes_in_order(inBrowser):
    got, *closed = inBrowser(lambda tab, _: tab.evaluate(ECHO))
    assert got == ["grüße €😀9", "0", [0, 128, 255, 3], "x" * 20 + "300000", [0, 0, 0, 700000]]
    assert closed == [4001, "done", True, "echo"]


def test_a_browser_with_a_page_of_another_origin_is_refused(inBrowser):
    """The page is of localhost; the WebSocket goes to 127.0.0.1, which is another origin."""
    assert inBrowser(lambda tab, port: tab.evaluate(ATTEMPT % port)) == "refused"
