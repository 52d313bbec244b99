"""Greylisting as plain code: rules, lists and keys, without a clock, a store or a socket.

Rules         the decision about a mail, from the records and the time
Keys          the keys of clients, senders and recipients
KeyedPaths    paths that have a key, in place of those that have none
Conditions    recipients, hours and delays to which greylisting applies
Lists         allow and deny lists
Names         searches for host names and mail addresses with wildcards
Patterns      regular expressions with a bound on their time
Recipients    what a real server has said about recipients
Report        what greylisting has stopped and delayed, from the records of mails
Senders       the list of large senders
Suspicion     points and credits for clients, and the checks that give them
NetworkRate   a limit on what the clients of one network may do within a time
Answers       the values that a policy hook may return
"""

from Kamaelia.Compiled import chooseModules

chooseModules(__path__[0])
