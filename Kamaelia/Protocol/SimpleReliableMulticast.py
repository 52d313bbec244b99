"""Data over a network that loses, repeats and reorders packets.

Example usage
-------------
    Pipeline(Source(), SRM_Sender(), Multicast_transceiver("0.0.0.0", 0, "224.168.2.9", 1600)).run()
    Pipeline(Multicast_transceiver("0.0.0.0", 1600, "224.168.2.9", 0), SimpleDetupler(1),
             SRM_Receiver(), SimpleDetupler(1), ConsoleEchoer()).run()

How does it work?
-----------------
The sender numbers the messages, from 1 up, frames them and puts a sync message before each. The
receiver discards what is damaged, puts the rest in order and discards second copies. Nothing is
sent again: a number that is missing in the output is a message that was lost.

Termination: at a producerFinished, after the messages that arrived before it, or at a
shutdownMicroprocess.
"""

from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Protocol import RecoverOrder as general
from Kamaelia.Protocol.Framing import DataChunker, DataDeChunker, DeFramer, Framer
from Kamaelia.Util.TagWithSequenceNumber import TagWithSequenceNumber

__all__ = ["Annotator", "RecoverOrder", "SRM_Receiver", "SRM_Sender"]


class Annotator(TagWithSequenceNumber):
    """A transformer of each message into (number, message), with numbers from 1 up."""

    def __init__(self) -> None:
        super().__init__(initial=1)


class RecoverOrder(general.RecoverOrder):
    """A component that sends pairs (number, data) in order; at most 30 wait, and none wraps."""

    def __init__(self) -> None:
        super().__init__(bufsize=30, modulo=None)


def SRM_Sender() -> Pipeline:
    """Return a component that sends each message it receives in a form for SRM_Receiver."""
    return Pipeline(Annotator(), Framer(), DataChunker())


def SRM_Receiver() -> Pipeline:
    """Return a component that sends (number, message) for what SRM_Sender has sent."""
    return Pipeline(DataDeChunker(), DeFramer(), RecoverOrder())


__kamaelia_components__ = (Annotator, RecoverOrder)
__kamaelia_prefabs__ = (SRM_Sender, SRM_Receiver)
