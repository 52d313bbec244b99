"""Kamaelia Grey: a strict SMTP proxy that asks the policy before it accepts a mail.

The classes; each but the first is a subclass of the one above it:

    MailHandler          one client's connection: reads commands, calls a hook for each, and sends
                         replies
    StrictMailHandler    checks and answers each command as SMTP demands, and asks the policy about
                         each recipient and each mail
    ConcreteMailHandler  relays an accepted mail to the real server; its docstring shows how
    RecordedMailHandler  keeps notes about each mail, and records it in the log and the counters
    GreyListingPolicy    answers these questions by greylisting: it defers a mail (451) until the
                         same client network, sender and recipient come again after a time

Read ConcreteMailHandler first. A handler uses objects from these packages:

    Session   the client's side: settings, phase, deadlines
    Policy    one question to policy, what its hooks may return, and the decision of greylisting
    Backend   the way to the real server: which one, the connection, the commands about a mail
    Stores    what greylisting remembers: in memory, in an SQLite file, or in Redis
    Records   log lines, JSON objects and counters of mails and refusals
    System    files, privileges, systemd, certificates
    Service   the program kamaelia-grey: command line, configuration, start, reload, stop
    Transfer  records from other greylisting programs, and backups

RecipientDecision is the decision about one recipient, which GreyListingPolicy, the
policy service and the milter (Delegation, for a mail server that speaks SMTP itself) share.

The SMTP protocol itself is in Kamaelia.Support.Protocol.SMTP, and the rules of greylisting are in
Kamaelia.Support.Greylist; neither uses components. Kamaelia.Support.Settings reads the
configuration. PeriodicWakeup and WakeableIntrospector exist for programs for Kamaelia 1.14.
"""
