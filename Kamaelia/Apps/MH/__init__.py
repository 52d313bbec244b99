"""Components by M. Hammond.

Profiling  how often each component of a system is at work
"""
