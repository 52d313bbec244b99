"""Servers and clients of this package with peers of autobahn."""

import hashlib
import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from Axon.testing import feed
from Kamaelia.Protocol.WebSocket.WebSocketClient import WebSocketClient

PEER = Path(__file__).with_name("autobahnPeer.py")
PATIENCE = 40.0  # seconds: the first import takes long on a busy machine

MESSAGES = ["", "text", "ü€😀", "x" * 70_000, b"", bytes(300_000)]

#: Ways to send the same messages: parts of 10,000 bytes, and many small writes
WAYS = [{}, {"autoFragmentSize": 10_000}, {"autoFragmentSize": 7, "tcpNoDelay": True}]


def command(*arguments):
    *words, options = arguments
    return [sys.executable, str(PEER), *words, json.dumps(options)]


def asked(port, options):
    """Return what a client got, whether it closed in order, and the code."""
    done = subprocess.run(
        command("client", f"ws://127.0.0.1:{port}/", options),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


@contextmanager
def server(options):
    with subprocess.Popen(command("server", options), stdout=subprocess.PIPE, text=True) as running:
        try:
            yield int(running.stdout.readline())
        finally:
            running.kill()


def digest(message):
    data = message.encode() if isinstance(message, str) else message
    return [hashlib.sha256(data).hexdigest(), isinstance(message, bytes)]


@pytest.mark.parametrize("options", WAYS)
def test_a_client_of_autobahn_gets_its_messages_back(webServing, options):
    got, wasClean, code = webServing(lambda port: asked(port, options))
    assert got == [digest(each) for each in MESSAGES]
    assert (wasClean, code) == (True, 4001)


def test_a_client_of_autobahn_without_masks_is_refused(webServing):
    options = {"maskClientFrames": False}
    got, _, code = webServing(lambda port: asked(port, options))
    assert (got, code) == ([], 1002)


@pytest.mark.parametrize("options", WAYS)
def test_a_server_of_autobahn_sends_messages_back(options):
    with server(options) as port:
        outcome = feed(
            WebSocketClient(f"ws://127.0.0.1:{port}/"),
            inbox=MESSAGES,
            control=[],
            until=lambda outcome: len(outcome["outbox"]) == len(MESSAGES),
        )
    assert outcome["outbox"] == MESSAGES


def test_a_server_of_autobahn_that_masks_is_refused():
    with server({"maskServerFrames": True}) as port:
        outcome = feed(WebSocketClient(f"ws://127.0.0.1:{port}/"), inbox=["x"], control=[])
    assert (outcome["outbox"], outcome["signal"][0].code) == ([], 1002)
