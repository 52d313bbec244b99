"""The names of other modules that programs import from Axon.Component and Axon.Scheduler.

The historical modules imported these names for their own use, and programs rely on that:
`from Axon.Component import component, scheduler, newComponent` is the most common import of all.
Axon.Component and Axon.Scheduler re-export all names in `__all__`.
"""

from Axon.debug import debug
from Axon.idGen import numId, strId
from Axon.Ipc import (
    WaitComplete,
    errorInformation,
    ipc,
    newComponent,
    notify,
    producerFinished,
    reactivate,
    shutdown,
    shutdownMicroprocess,
    status,
    wouldblock,
)
from Axon.Microprocess import microprocess
from Axon.util import removeAll

__all__ = [
    "WaitComplete",
    "debug",
    "errorInformation",
    "ipc",
    "microprocess",
    "newComponent",
    "notify",
    "numId",
    "producerFinished",
    "reactivate",
    "removeAll",
    "shutdown",
    "shutdownMicroprocess",
    "status",
    "strId",
    "wouldblock",
]
