"""SMTP as plain code, tested on bytes: no component, no socket, no clock.

Towards the client:
Session         one client's session: the commands, their order and their effects
InputParser     divides the client's input into commands and text
Line, Address, CommandChecks    a line, a path, the arguments
TextScanner, Chunks             the text of a mail by DATA, and by BDAT
ClientAttributes    the client that a trusted host names by XCLIENT or XFORWARD
Deadlines, CommandLog, Refusal   time limits, the recent lines, a refusal as a record
Settings        the settings of a session

Towards the real server:
Relay           one session: matches replies to commands
Opening         from the greeting to the first command: EHLO, STARTTLS, XCLIENT
Offer           the extensions that several servers have in common
ClientAddress   how the real server learns the client's address
LMTP, ReplayOutcome, Report   one reply from several replies, and delivery reports

Both:
Reply           a reply: formatted and parsed
SessionText     what may be shown of the bytes of a session
"""

from Kamaelia.Compiled import chooseModules

chooseModules(__path__[0])

from Kamaelia.Support.Protocol.SMTP.Session import COMMANDS, GO_ON, Session  # noqa: E402

__all__ = ["COMMANDS", "GO_ON", "Session"]
