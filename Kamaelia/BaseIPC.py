"""The base of messages with named parameters.

Example usage
-------------
    class Theft(IPC):
        "%(who)s has taken %(what)s"

        Parameters = ["?who", "what"]

    str(Theft(who="Sam", what="sweets"))      # "Sam has taken sweets"

How does it work?
-----------------
Each parameter becomes an attribute. One with a "?" before its name is optional, and None if it is
not given. The docstring is the text of the message.
"""

from typing import Any

__all__ = ["IPC"]


class IPC:
    """A message; a subclass lists the names of its `Parameters`.

    Raises ValueError for a parameter that is missing or unknown.
    """

    Parameters: list[str] = []

    def __init__(self, **kwds: Any) -> None:
        super().__init__()
        name = type(self).__name__
        known = {each.removeprefix("?"): each.startswith("?") for each in self.Parameters}
        for unknown in kwds.keys() - known.keys():
            raise ValueError(f"Unknown parameter {unknown} to {name}")
        for parameter, isOptional in known.items():
            if parameter not in kwds and not isOptional:
                raise ValueError(f"{parameter} not given as a parameter to {name}")
            setattr(self, parameter, kwds.get(parameter))

    def __str__(self) -> str:
        return (type(self).__doc__ or type(self).__name__) % vars(self)
