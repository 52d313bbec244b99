"""IRC on bytes: RFC 2812 and IRCv3 message tags.

Message  one message: parsed, checked and written
Session  registration, PONG, nickname, channels
Heard    the tuples of an IRC_Client
Text     what people type and read: informat and outformat
"""

from Kamaelia.Support.Protocol.IRC.Heard import Heard, clientError, heardOf, messagesOf
from Kamaelia.Support.Protocol.IRC.Message import IRCError, Message
from Kamaelia.Support.Protocol.IRC.Session import Session, folded
from Kamaelia.Support.Protocol.IRC.Text import (
    channelInformat,
    channelOutformat,
    informat,
    outformat,
)

__all__ = [
    "Heard",
    "IRCError",
    "Message",
    "Session",
    "channelInformat",
    "channelOutformat",
    "clientError",
    "folded",
    "heardOf",
    "informat",
    "messagesOf",
    "outformat",
]
