"""Components by S. Anderson.

Time     ticks: once, or at intervals
Chassis  a time limit for a component
DSL      a sink that appends to a list
"""
