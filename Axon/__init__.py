"""Axon: the core that runs components.

bottom  AxonExceptions, Ipc, idGen, util, Base, debug: values that all others speak of
when    Turns, Timers, Microprocess, Scheduler: who runs, who sleeps
where   Box, Linkage, Postoffice: through which boxes messages go
both    Component: a microprocess with boxes
above   AdaptiveCommsComponent, ThreadedComponent, Handle, background, Introspector,
        CoordinatingAssistantTracker, STM, testing
"""

from Axon import (
    AxonExceptions,
    Base,
    Box,
    Component,
    CoordinatingAssistantTracker,
    Ipc,
    Linkage,
    Microprocess,
    Postoffice,
    Scheduler,
    idGen,
    util,
)

__all__ = [
    "AxonExceptions",
    "Base",
    "Box",
    "Component",
    "CoordinatingAssistantTracker",
    "Ipc",
    "Linkage",
    "Microprocess",
    "Postoffice",
    "Scheduler",
    "idGen",
    "util",
]

Microprocess.microprocess.setTrackerClass(CoordinatingAssistantTracker.coordinatingassistanttracker)
