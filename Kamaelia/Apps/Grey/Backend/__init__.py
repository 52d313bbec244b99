"""The way to the real server: which server, the connection, and the commands about a mail.

ServerSettings    the settings of the real servers
Backend           selects a server, and another one if the session with it breaks
ServerConnection  the TCPClient of a connection to one of them
ConnectionPool    idle connections that are kept for the next mail
ServerDialogue    a session of the proxy's own, without a client
RecipientInquiry  asks a real server whether it knows recipients
ServerInquiry     asks a real server what it offers; components beside the handlers
RelaySession      one session with a real server, from the greeting to QUIT
ConversationLoop  what a conversation in a session is
Conversations     the commands about one mail in a session, in live and in replay mode
MailText          the text of a mail that is kept until the real server takes it
"""

from Kamaelia.Compiled import chooseModules

chooseModules(__path__[0])
