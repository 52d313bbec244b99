"""Axon: the core that runs components.

    bottom  AxonExceptions, Ipc, idGen, util, Base, debug: values that all others speak of
    when    RunQueue, Timers, Microprocess, Scheduler: who runs, who sleeps
    where   Box, Linkage, Postoffice: through which boxes messages go
    both    Component: a microprocess with boxes
    above   AdaptiveCommsComponent, ThreadBridge, ThreadedComponent, Handle, background,
            Introspector, CoordinatingAssistantTracker, STM, testing, experimental

Each imports only from those below it; Tests/Architecture sees to that.
"""

from Axon import (
    AdaptiveCommsComponent,
    AxonExceptions,
    Base,
    Box,
    Component,
    CoordinatingAssistantTracker,
    Handle,
    Introspector,
    Ipc,
    Linkage,
    Microprocess,
    Postoffice,
    Scheduler,
    ThreadedComponent,
    background,
    debug,
    debugConfigDefaults,
    debugConfigFile,
    idGen,
    util,
)
from Axon.Base import AxonObject, AxonType

__all__ = [
    "AdaptiveCommsComponent",
    "AxonExceptions",
    "AxonObject",
    "AxonType",
    "Base",
    "Box",
    "Component",
    "CoordinatingAssistantTracker",
    "Handle",
    "Introspector",
    "Ipc",
    "Linkage",
    "Microprocess",
    "Postoffice",
    "Scheduler",
    "ThreadedComponent",
    "background",
    "debug",
    "debugConfigDefaults",
    "debugConfigFile",
    "idGen",
    "util",
]

Microprocess.microprocess.setTrackerClass(CoordinatingAssistantTracker.coordinatingassistanttracker)
