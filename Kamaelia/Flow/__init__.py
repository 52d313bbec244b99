"""Operators on streams of messages, with the names that reactive libraries use.

    joins     Merge, Zip and CombineLatest: several inputs, one output (Join)
    time      Debounce, Throttle
    groups    Batch (by count or time), Window (sliding, by count or time)
    state     Scan
    overflow  Buffer (drops the oldest or the newest), Conflate (keeps the latest)
    work      Retry (a function, again after an error), Pool (n copies of a component)

Kamaelia.Util has the small components of 1.14; these are new, and need only Kamaelia.Util. An
operator on one input is an Operator (Operator): its methods are given each message and the time,
and return what to send. So its rules are tested without a clock and without a scheduler.
"""
