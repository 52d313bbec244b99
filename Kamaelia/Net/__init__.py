"""Links: linkages that lead to another process or another machine.

    the ends       RemoteOut (sends), RemoteIn (receives)
    systems        Distributed (a graphline in several places), ProcessPart (a component in a
                   process of its own), Routes (several linkages over one link),
                   Backplane (publish and subscribe)
    the addresses  Addresses; SocketTransport (tcp://, tls://, local:),
                   RedisTransport (redis://, rediss://, unix:)
    inside         Ends (what a transport sees of them)
    over sockets   Streams (frames over a connection), Connections (with or without TLS),
                   SameMachine (what a kill cannot lose), EndRecords (of readers that have ended)
    over Redis     RedisServer (clients and errors), RedisStream (entries of one link), RedisPool
                   (readers that share), Liveness (which ends are alive)

A transport carries frames; Kamaelia.Support.Links has the rules: which message is done, what is
sent again, what is an error. A message arrives at least once, in order. At most `capacity` messages
are repeated when a reader is killed.
"""
