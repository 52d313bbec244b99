"""The library of components, by topic, from the bottom up.

    Support    protocols and rules as plain code, without Axon, sockets, threads and clocks
    IPC        the messages that network components exchange
    Util       small components that most programs need
    Flow       operators on streams: joins, debounce, batches, buffers, pools
    Internet   connections and datagrams
    Chassis    components made of others: pipelines, graphlines, servers, supervisors
    File       components that write files
    XML        components for XML
    Protocol   clients and servers of protocols
    Apps       applications: Grey, the greylisting mail proxy

A package imports only from those above it in this list, and from Axon.
"""
