"""The historical import path of Kamaelia.Chassis.Inactivity."""

from Kamaelia.Chassis.Inactivity import (
    ActivityMonitor,
    EchoServer,
    ExtendedInactivity,
    InactivityChassis,
    NoActivityTimeout,
    PeriodicWakeup,
    ResettableSender,
    WakeableIntrospector,
)

__all__ = [
    "ActivityMonitor",
    "EchoServer",
    "ExtendedInactivity",
    "InactivityChassis",
    "NoActivityTimeout",
    "PeriodicWakeup",
    "ResettableSender",
    "WakeableIntrospector",
]
