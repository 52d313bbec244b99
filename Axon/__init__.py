"""The core, which runs components and delivers their messages.

Base: values, errors and checks that all other modules use
    AxonExceptions, Base, Ipc, Multiset, idGen, util
    ComponentCheck, Hooks, Spelling, YieldCheck       checks of programs, with helpful messages
    LateMessages, Observer, Trace, UnreadBox          reports about a running system
    debug, debugConfigDefaults, debugConfigFile       historical debugging output
When: turns
    Microprocess, Scheduler, RunQueue, Timers         the order of turns, and timeouts
    LoopRun, EventLoop, Signals                       a run on an asyncio event loop
    AsyncBody, ForeignProcesses                       coroutines, and objects of other programs
    ErrorRouting, DeadlockCheck, WaitDescriptions     errors, deadlocks, and their descriptions
Where: messages
    Box, Sinks, Postbox, Inboxes, Linkage, Postoffice
Component, with Children: a microprocess with boxes, which joins the two
Built on Component
    AdaptiveCommsComponent, WriteGate                 boxes at run time; senders that are held
    ThreadedComponent, ThreadBridge, background       threads
    Handle, CoordinatingAssistantTracker, STM         access from plain code; shared services
    Introspection, Introspector, IntrospectorText     the state of a running system
    testing, pytestPlugin                             tests of components
    experimental                                      components in other processes

Each module imports only from its own group and the groups above it in this list. Docs/design.rst
explains why; Tests/Architecture/floors.py has the exact places.
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
