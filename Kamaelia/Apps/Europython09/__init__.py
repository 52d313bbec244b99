"""Components of the tutorials of EuroPython 2009.

BB    a bulletin board with users, for ServerCore
Util  the Unix filters find, sort and grep, and a balancer, as components
"""
