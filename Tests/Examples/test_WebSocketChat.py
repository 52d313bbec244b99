"""The chat in the browser."""

import urllib.request

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from Tests.Kamaelia.Protocol.browser import browser
from Tests.Kamaelia.sockets import PATIENCE


def test_every_client_receives_each_message(serve):
    server = serve("WebSocket/chat.py")
    address = f"127.0.0.1:{server.port}"
    with connect(f"ws://{address}/chat") as anna, connect(f"ws://{address}/chat") as ben:
        anna.send("anna: hello")
        assert (anna.recv(PATIENCE), ben.recv(PATIENCE)) == ("anna: hello", "anna: hello")
    with urllib.request.urlopen(f"http://{address}/") as page:
        assert b"<title>Chat</title>" in page.read()
    assert server.end() == (0, "")


def test_a_message_that_is_too_long_closes_its_WebSocket(serve):
    server = serve("WebSocket/chat.py")
    with connect(f"ws://127.0.0.1:{server.port}/chat") as ws:
        ws.send("x" * 2001)
        with pytest.raises(ConnectionClosed):
            ws.recv(PATIENCE)
        assert ws.close_code == 1009


def test_pages_of_other_servers_cannot_connect(serve):
    server = serve("WebSocket/chat.py")
    address = f"ws://127.0.0.1:{server.port}/chat"
    with pytest.raises(InvalidStatus, match="403"), connect(address, origin="http://evil"):
        pass


SAY = """
new Promise(resolve => {
    const last = () => document.getElementById("messages").lastChild?.textContent;
    const isConnected = setInterval(() => {
        if (last() !== "* connected") return;
        clearInterval(isConnected);
        document.getElementById("text").value = "<b>hello</b>";
        document.querySelector("button").click();
        const isBack = setInterval(() => {
            if (last() === "* connected") return;
            clearInterval(isBack);
            resolve(document.getElementById("messages").lastChild.innerHTML);
        }, 10);
    }, 10);
})
"""


@pytest.mark.needs("chromium")
@pytest.mark.timeout(180)
def test_the_page_sends_and_shows_messages(serve, tmp_path):
    server = serve("WebSocket/chat.py")
    with browser(tmp_path) as tab:
        tab.open(f"http://127.0.0.1:{server.port}/")
        assert tab.evaluate(SAY) == "guest: &lt;b&gt;hello&lt;/b&gt;"
