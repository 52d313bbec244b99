"""Chassis: components made of other components and the linkages between them.

Pipeline          a chain: each component feeds the next
Graphline         named components with any linkages; Prefab has common ones
PAR, Seq          components side by side; components one after another
Carousel          one component at a time, created on request
Supervisor        a graphline that replaces components that fail
ConnectedServer   ServerCore, a server: one component for each connection
ServerPlan        a connection and its handler, for pictures of a server
ProtocolFactory   the kinds of `protocol` that a server accepts
Workers           several processes that serve the same port
Inactivity        components that end after a time without messages

Their common base is Kamaelia.Util.Parent.
"""
