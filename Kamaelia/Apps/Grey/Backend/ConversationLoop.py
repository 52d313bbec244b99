"""What a conversation with a real server is, and the generator that holds them.

How does it work?
-----------------
A conversation decides what is sent and in which order. It is a generator: it yields
bytes to send, receives each reply, and returns the Reply for the client. If it yields
b"", it waits for the next reply, or until the session is open. If the bytes need no
reply, such as a piece of a mail's text, it continues in the next turn.

    def rcpt(session, envelope):
        while session.relay.waiting or not session.relay.isReady:
            yield b""
        return (yield session.relay.rcpt(envelope))

RelaySession, which is compiled, runs them through one generator in Python: Python's
`yield from` notices the end of another one without an exception.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from Kamaelia.Support.Protocol.SMTP.Reply import Reply

Conversation = Generator[bytes, Any, Reply]


def conversationLoop() -> Generator[bytes | Reply | None, Any, None]:
    """Receive a conversation, yield its bytes and then its Reply; then receive another one."""
    reply: Reply | None = None
    while True:
        conversation: Conversation = yield reply
        reply = yield from conversation
