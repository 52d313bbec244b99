"""The core, which runs components and delivers their messages.

A student reads the modules in this order. Each module imports only from its own group and the
groups above it. Docs/design.rst explains why; Tests/Architecture/floors.py has the exact places.

1. Base: values, errors and checks that all other modules use. Skim it
    Ipc, AxonExceptions, Base, idGen, util            requests, shutdown messages, errors, ids
    Children, Multiset, Spelling                      small collections; similar names
    ComponentCheck, Settings, Hooks, YieldCheck       checks of programs, with helpful messages
    LateMessages, Observer, Trace, UnreadBox          reports about a running system
    SystemTest                                        the self-test of an installed system
    Core                                              whether the compiled core is used
    Browser                                           Python in a browser: what is missing
    FeederSearches                                    which inboxes have woken their feeders
    debug, debugConfigDefaults, debugConfigFile       historical debugging output
2. When: turns. It knows nothing about boxes
    Task, RunQueue                                    tasks and their states; rounds of turns
    Microprocess, ProcessDefaults                     a body with turns: activate, pause, stop
    Lifecycle, ErrorRouting                           what follows an end, an error or a request
    Timers, Scheduler                                 timeouts; the parts joined to one object
    StepRun, LoopRun, EventLoop                       runs by hand and on an asyncio event loop
    MainBodies, AsyncBody                             what a main method returns; coroutines
    ForeignProcesses, ThreadCalls                     objects of other programs; threads
    Signals, SignalSocket, ProcessHooks               SIGINT and SIGTERM; fork and exit
    DeadlockCheck, WaitDescriptions, WriteGate        deadlocks; what tasks wait for; flow control
    Attendants, Brake                                 observers of a system; pause and single turns
    StartHooks                                        functions that observe each run
    HistoricalNames                                   names that programs import from other places
3. Where: messages. It knows nothing about turns
    Sinks, DirectSinks, Postbox                       inboxes; the chains of linkages
    Box, Inboxes, OutboxPlaces                        the boxes of one component
    Linkage, Postoffice                               linkages as data; the register of linkages
4. Component: a microprocess with boxes, which joins the two
    LinkableProcess, Component                        linkages and children; main
    BoxMethods, MessageWaits                          send, recv and pause; the rarer waits
5. Built on Component
    AdaptiveCommsComponent                            boxes that are added and deleted at run time
    ThreadBridge, ThreadedComponent, background       threads
    Handle, CoordinatingAssistantTracker, STM         access from plain code; shared services
    Introspection, Introspector, IntrospectorText     the state of a running system
    Taps, MessageText                                 the messages that pass, and their text
    testing, pytestPlugin                             tests of components
    experimental                                      components in other processes
    __main__                                          python -m Axon: version, core, loop
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
