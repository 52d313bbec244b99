"""Kamaelia Grey: a strict SMTP proxy that asks a policy before it accepts a mail.

The classes; each is a subclass of the one above it:

    MailHandler          one client's connection: reads commands, calls a hook for each, and sends
                         replies
    StrictMailHandler    checks and answers each command as SMTP demands, and asks policy about
                         each recipient and each mail
    ConcreteMailHandler  relays an accepted mail to the real server; its docstring shows how
    GreyListingPolicy    answers the questions by greylisting: it defers mail from unknown senders

Read ConcreteMailHandler first. A handler uses objects from these packages:

    Session   the client's side: settings, phase, deadlines
    Policy    one question to policy, what its hooks may return, and the decision of greylisting
    Backend   the way to the real server: which one, the connection, the commands about a mail
    Stores    what greylisting remembers: in memory, in an SQLite file, or in Redis
    Records   log lines, JSON objects and counters of mails and refusals
    System    files, privileges, systemd, certificates
    Service   the program kamaelia-grey: command line, configuration, start, reload, stop
    Transfer  records from other greylisting programs, and backups

RecipientDecision is the decision about one recipient, which GreyListingPolicy and the policy
service for Postfix (the package Delegation: greylisting without SMTP) have in common.

The SMTP protocol itself is in Kamaelia.Support.Protocol.SMTP, and the rules of greylisting are in
Kamaelia.Support.Greylist; neither uses components. Support reads configuration files.
PeriodicWakeup and WakeableIntrospector exist for programs written for Kamaelia 1.14.
"""
