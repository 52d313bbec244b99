"""Connections and datagrams: the components between boxes and the network.

Connections
    TCPClient, ThreadedTCPClient        a connection to a server
    TCPServer, SingleServer             servers; see also Kamaelia.Chassis.ConnectedServer
    ConnectedSocketAdapter              one connection as a component
Parts of a connection
    Connection                                            the interface for the other parts
    ConnectionState, AttachedHandler, HandlerLinks        its state, its handler, their linkages
    ReadFlowControl, WriteGate, OutgoingData              bounded memory in both directions
    StartTLS, TLSAlerts                                   TLS
    GracefulClose, CloseTimeouts, HalfClosed, IdleTimeout the end
Parts of a server
    ListeningSockets, Acceptor, PlainSocket, ConnectionEnds, Balancers, ForkServer
Addresses
    Addresses, HappyEyeballs, UnixSockets, UDPTargets
Datagrams
    UDP_ng, UDP, Multicast_sender, Multicast_receiver, Multicast_transceiver
Other
    Selector      file descriptors of other components
    Systemd       inherited sockets and status messages
    EventLoop     coroutines within a component's turns
    Simulate      networks with losses, for tests
    TimeOutCSA    the historical import path of Kamaelia.Chassis.Inactivity
"""

from Kamaelia.Compiled import chooseModules

chooseModules(__path__[0])
