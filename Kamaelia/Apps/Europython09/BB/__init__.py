"""A bulletin board: users log in, and read and write messages. Examples/BulletinBoard builds it up.

Conversation              stages of a conversation, one after the other
RequestResponseComponent  a conversation with a user, line by line
LineOrientedInputBuffer   the lines of a user, one at a time
Authenticator             the login
MessageBoardUI            the menus for reading and writing messages
UserStatePersistence      what is loaded at the login and saved at the logout
Support                   folders of messages, and the file of users
Exceptions                the end of a conversation
"""
