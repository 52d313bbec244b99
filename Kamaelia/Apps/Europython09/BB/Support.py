"""Folders of messages, and the file of users.

How does it work?
-----------------
A folder has a file of JSON for each message, whose name is its number, and ".meta" with the highest
number. Files are replaced in one step, so that a reader never sees half of one. These functions
block: call them in a thread.
"""

import json
import os
import re
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

__all__ = ["Folder", "readUsers"]

Message = dict[str, Any]


class Folder:
    """Folder(folder): the messages in a folder of files."""

    def __init__(self, folder: str | Path = "messages") -> None:
        self.folder = Path(folder)
        self.meta: dict[str, int] = {"maxid": 0}
        meta = _read(self.folder / ".meta")
        if isinstance(meta, dict):
            self.meta |= meta

    def getMessage(self, messageid: int | str) -> Message | None:
        """Return a message, or None if there is none with this number."""
        if not re.fullmatch(r"[0-9]+", str(messageid)):  # no path to another file
            return None
        message = _read(self.folder / str(messageid))
        return message if isinstance(message, dict) else None

    def getMessages(self) -> list[Message]:
        """Return all messages, the oldest first."""
        names = [path.name for path in self.folder.glob("[0-9]*") if path.name.isdecimal()]
        found = (self.getMessage(name) for name in sorted(names, key=int))
        return [message for message in found if message is not None]

    def addMessage(self, message: Message) -> int:
        """Store a message under a new number, as its "message", and return the number."""
        self.folder.mkdir(exist_ok=True)
        number = self.meta["maxid"] + 1
        while not self._isStored(message | {"message": str(number)}, number):
            number += 1
        self.meta["maxid"] = number
        os.replace(self._written(self.meta), self.folder / ".meta")
        return number

    def _isStored(self, message: Message, number: int) -> bool:
        """Store the message. Return False if another one has taken this number meanwhile."""
        written = self._written(message)
        try:
            os.link(written, self.folder / str(number))
        except FileExistsError:
            return False
        finally:
            written.unlink()
        return True

    def _written(self, content: Any) -> Path:
        """Write a new file, and return its path."""
        with NamedTemporaryFile("w", dir=self.folder, prefix=".new-", delete=False) as file:
            json.dump(content, file)
        return Path(file.name)


def readUsers(path: str | Path = "users.passwd") -> dict[str, str]:
    """Return the users in a file of JSON, {name: password}. Raises OSError or ValueError."""
    users = json.loads(Path(path).read_text(encoding="utf-8"))
    if not isinstance(users, dict):
        raise ValueError(f"{path} must be a JSON object with a password for each name")
    return {str(name): str(password) for name, password in users.items()}


def _read(path: Path) -> Any:
    """Return the content of a file of JSON, or None if there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
