"""The live page: a running system in the browser, with its queues and what waits for what.

Watch      the server of the page, which a program activates
Session    one browser: the handler of its WebSocket
View       what one viewer of the system is sent, and what it asks for
Reader     the system as it is now
Loads      the states and queues of its components
Structure  its components and linkages as plain data
Traffic    which messages pass between which components
Feed       the differences between two readings, as messages
Messages   the messages of components that a browser has selected
Details    what a click on a component shows
ErrorLog   the last errors of components
Access     who may use the page: the token, the cookie, Host and Origin
PageFiles  the files of the page, from the folder page
"""
