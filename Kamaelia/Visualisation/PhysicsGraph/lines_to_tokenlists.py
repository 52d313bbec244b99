"""A cutter of lines into words, of which some may be in quotes.

Example usage
-------------
    Pipeline(ConsoleReader(), lines_to_tokenlists(), ConsoleEchoer(use_repr=True)).run()

How does it work?
-----------------
The line `ADD NODE 1 "a node" auto` becomes ["ADD", "NODE", "1", "a node", "auto"]. In quotes, a
backslash makes the next character an ordinary one (Kamaelia.Support.Tokens).

Termination: at a producerFinished, after the lines that arrived before it, or at a
shutdownMicroprocess at once.
"""

from collections.abc import Iterable

from Kamaelia.Support.Tokens import tokensOf
from Kamaelia.Util.StreamTransformer import StreamTransformer

__all__ = ["lines_to_tokenlists"]


class lines_to_tokenlists(StreamTransformer):
    """A component that sends the list of the words of each line.

    For a line without words, or with a quotation that is not closed, it sends nothing.
    """

    Inboxes = {"inbox": "str: one line each", "control": "a shutdown message"}
    Outboxes = {"outbox": "lists of str", "signal": "the shutdown message from control"}

    def transform(self, message: str) -> Iterable[list[str]]:
        """Return the list for a line."""
        tokens = self.lineToTokens(message)
        return [tokens] if tokens else []

    def lineToTokens(self, line: str) -> list[str]:
        """Return the words of a line, or an empty list if a quotation is not closed."""
        return tokensOf(line)


__kamaelia_components__ = (lines_to_tokenlists,)
