"""Components that behave by simple rules.

Behaviours  sources of numbers that bounce, count or stay the same
"""
