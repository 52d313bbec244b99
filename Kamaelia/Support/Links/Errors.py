"""The errors of links."""

from __future__ import annotations


class linkError(RuntimeError):
    """A link cannot work: the peer broke a rule, refused this end, or stores something else."""


class linkTakenOver(linkError):
    """Another reader or writer has taken the place of this one at the link."""


class notEncodable(linkError, TypeError):
    """A message contains a value that the codec of the link cannot encode."""
