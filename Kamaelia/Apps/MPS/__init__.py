"""Components by M. P. Sparks.

TPipe  a tee that copies chosen messages to a component
"""
