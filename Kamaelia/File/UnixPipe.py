"""The deprecated import path of UnixProcess, whose name was Pipethrough. Each component warns."""

from Kamaelia.File.UnixProcess import UnixProcess
from Kamaelia.Support.Deprecate import makeClassStub

__all__ = ["Pipethrough"]

Pipethrough = makeClassStub(
    UnixProcess,
    "Use Kamaelia.File.UnixProcess.UnixProcess instead of Kamaelia.File.UnixPipe.Pipethrough",
    "WARN",
)
