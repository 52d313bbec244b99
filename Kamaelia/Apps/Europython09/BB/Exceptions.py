"""The end of a conversation."""

__all__ = ["GotShutdownMessage"]


class GotShutdownMessage(Exception):  # noqa: N818 - the historical name
    """A message waits on "control": the user has gone, or the server ends."""
