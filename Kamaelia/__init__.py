"""The library of components, by topic, from the bottom up.

    Support    protocols and rules as plain code, without Axon, sockets, threads and clocks
    IPC        the messages that network components exchange
    Util       small components that most programs need
    Flow       operators on streams: joins, debounce, batches, buffers, pools
    Internet   connections and datagrams
    Chassis    components made of others: pipelines, graphlines, servers, supervisors
    File       components that read and write files, and that run commands
    Codec      formats of sound and video
    Automata   sources of values that behave by simple rules
    Audio      raw sound
    XML        components for XML
    Protocol   clients and servers of protocols
    Net        links: linkages to other processes and machines
    Visualisation  the text commands of graph viewers
    Apps       applications: Grey, the greylisting mail proxy; IRCLogger
    Experimental  services, sizes of inboxes, an interpreter

BaseIPC and Exceptions are the bases of messages and errors, and SampleTemplateComponent has
components to copy. KamaeliaExceptions, KamaeliaIPC, ReadFileAdaptor, SimpleServerComponent and
SingleServer are historical import paths.

Compiled says which modules mypyc compiles, and whether they are used.

A package imports only from those above it in this list, and from Axon.
"""

# Each component accepts these settings, because it may be the handler of a connection. Besides them
# it accepts only those that it declares: see Axon.Settings.
__kamaelia_settings__ = ("peer", "peerport", "localip", "localport")
