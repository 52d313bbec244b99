"""Pictures of running systems and of other graphs.

SystemGraph   a picture of a program, before it runs or while it runs
Live          a page that shows a running system
Nesting       which components of a running system are the parts of a chassis
GraphFile     such a picture in a file, for a program that must not be edited
InspectSocket the state of a running program over a Unix socket
Recording     the messages that pass, for sequence diagrams
SystemMetrics metrics of a running system for Prometheus
ProcessPath   paths that belong to one process
PhysicsGraph  the text commands of a graph viewer
Axon, ER      the historical import paths of its components
"""
