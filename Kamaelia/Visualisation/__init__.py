"""Pictures of running systems and of other graphs.

PhysicsGraph  the text commands of a graph viewer
Axon, ER      the historical import paths of its components
"""
