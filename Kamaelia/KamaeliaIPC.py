"""The deprecated import path of Kamaelia.IPC. An import from here warns."""

from Kamaelia.Support.Deprecate import forwardTo

__getattr__ = forwardTo(
    "Kamaelia.IPC",
    "Kamaelia.KamaeliaIPC",
    "newCSA",
    "newExceptional",
    "newReader",
    "newServer",
    "newWriter",
    "notify",
    "producerFinished",
    "removeExceptional",
    "removeReader",
    "removeWriter",
    "shutdownCSA",
    "socketShutdown",
)
