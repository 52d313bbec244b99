"""The way to the real server: which one, the connection, and what is said there about a mail.

ServerSettings    the settings of the real servers
Backend           which server is asked, and what happens if its session breaks
ServerConnection  the TCPClient of a connection to one of them
ConnectionPool    idle connections that are kept for the next mail
ServerInquiry     asks a real server what it offers
RelaySession      one session with a real server, from the greeting to QUIT
Conversations     what is said in a session about one mail, in live and in replay mode
MailText          the text of a mail that is kept until the real server takes it
"""
