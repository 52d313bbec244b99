"""What happens between the login and the menus, and at the logout.

Example usage
-------------
    Seq(Authenticator(State=s), UserRetriever(State=s), MessageBoardUI(State=s),
        StateSaverLogout(State=s))

How does it work?
-----------------
Both say what they do. A subclass may override load() or save(), which run in a thread.

Termination: at once.
"""

from collections.abc import Generator
from typing import Any

from Kamaelia.Apps.Europython09.BB.RequestResponseComponent import RequestResponseComponent

__all__ = ["StateSaverLogout", "UserRetriever"]


class UserRetriever(RequestResponseComponent):
    """A component that loads what is known about the user into State."""

    def load(self) -> None:
        """Load the state of State["remoteuser"]. Subclasses may override it."""

    def main(self) -> Generator[Any, None, None]:
        for line in ("", "Retrieving user data...", ""):
            self.netPrint(line)
        yield from self.inThread(self.load)


class StateSaverLogout(RequestResponseComponent):
    """A component that saves State and says goodbye."""

    def save(self) -> None:
        """Save the state of State["remoteuser"]. Subclasses may override it."""

    def main(self) -> Generator[Any, None, None]:
        for line in ("", "Saving user data...", ""):
            self.netPrint(line)
        yield from self.inThread(self.save)
        for line in ("Goodbye!", ""):
            self.netPrint(line)


__kamaelia_components__ = (UserRetriever, StateSaverLogout)
