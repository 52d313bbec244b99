"""SMTP as plain code, tested on bytes: no component, no socket, no clock.

Towards the client:
Session         one client's session: which command may follow, and what it does
Listener        cuts what the client sends into commands and text
Line, Address, Check, Text   one line, one path, the parameters, the text of a mail
Deadlines, CommandLog, Refusal   time limits, the lines so far, a refusal as a record
Settings        what a session is set up with

Towards the real server:
Relay           one session: replies are matched to commands
Opening         from the greeting to the first command: EHLO, STARTTLS, XCLIENT
Offer           what several servers offer together
ClientAddress   how the real server is told about the client
LMTP, Verdict, Report   several answers to one dot, one answer for the client, delivery reports

Both:
Reply           a reply: made, and read
"""

from Kamaelia.Support.Protocol.SMTP.Session import COMMANDS, GO_ON, Session

__all__ = ["COMMANDS", "GO_ON", "Session"]
