"""Connections and datagrams: components that are the edge between boxes and the network."""
