"""The login of a bulletin board.

Example usage
-------------
    Authenticator(users={"ann": "secret"}, State=state)

How does it work?
-----------------
It asks for a name and a password until they are right, and sets State["remoteuser"] to the name.
The case of letters in the name does not matter. Passwords are compared in constant time, but are
not encrypted: neither here nor on the way.

Termination: when the user has logged in, or at any message on "control", which is passed on.
"""

import hmac
from collections.abc import Generator, Mapping
from typing import Any

from Kamaelia.Apps.Europython09.BB.Exceptions import GotShutdownMessage
from Kamaelia.Apps.Europython09.BB.RequestResponseComponent import RequestResponseComponent

__all__ = ["Authenticator"]


class Authenticator(RequestResponseComponent):
    """A component that lets a user log in.

    users: {name in lower case: password}. State: the dict that receives "remoteuser".
    """

    users: Mapping[str, str] = {}

    def main(self) -> Generator[Any, None, None]:
        try:
            self.netPrint("")
            while True:
                self.send("login: ")
                yield self.waitMsg()
                username = self.getMsg()[:-2]
                self.send("password: ")
                yield self.waitMsg()
                password = self.getMsg()[:-2]
                self.netPrint("")
                if self.isRight(username, password):
                    break
                self.netPrint("Login Failed!")
        except GotShutdownMessage:
            self.send(self.recv("control"), "signal")
            return
        self.netPrint("Login Successful")
        self.State["remoteuser"] = username

    def isRight(self, username: str, password: str) -> bool:
        """Return whether the user exists and this is the password."""
        wanted = self.users.get(username.lower())
        isEqual = hmac.compare_digest((wanted or "").encode(), password.encode())
        return wanted is not None and isEqual


__kamaelia_components__ = (Authenticator,)
