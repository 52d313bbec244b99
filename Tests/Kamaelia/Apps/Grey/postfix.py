"""A private Postfix: its own configuration, queue, data and log, apart from the system's.

It needs root, as master gives its daemons away to the users of the package.
"""

import os
import pwd
import re
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from Tests.Kamaelia.Apps.Grey.programs import PATIENCE, Program

#: What is in the queue, for whatever reason: mails are never anywhere else.
QUEUES = ["maildrop", "incoming", "active", "deferred", "hold", "corrupt"]
OTHERS = ["bounce", "defer", "flush", "private", "public", "saved", "trace"]

NOBODY = 65534

MAIN = {
    "compatibility_level": "3.6",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "myhostname": "postfix.example",
    "mydestination": "",
    "mynetworks": "127.0.0.0/8",
    "smtp_host_lookup": "native",
    "smtpd_peername_lookup": "no",
    "smtpd_relay_restrictions": "permit_mynetworks, reject",
    "local_header_rewrite_clients": "",
    "alias_maps": "",
    "local_recipient_maps": "",
    "virtual_mailbox_domains": "d.example",
    "virtual_mailbox_maps": "inline:{c@d.example=box/, e@d.example=box/}",
    "virtual_uid_maps": f"static:{NOBODY}",
    "virtual_gid_maps": f"static:{NOBODY}",
    "virtual_mailbox_limit": "0",
    "message_size_limit": "100000000",
    "smtpd_forbid_bare_newline": "no",  # as lax about line ends as it was before 3.9
}

#: name, type, private, unprivileged, chroot, wake up after, most processes, program
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
showq unix n - n - - showq
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """Postfix(master, folder, port, relayhost="[127.0.0.1]:1025") -> it runs, on that port.

    folder: must be open to all, as deliveries are made by another user.
    """

    def __init__(self, master: str, folder: Path, port: int, **settings: str) -> None:
        self.port = port
        self.folder = folder
        self.new = folder / "mail" / "box" / "new"  # of the Maildir for c and e@d.example
        owner = pwd.getpwnam("postfix").pw_uid
        for name in ("etc", "queue", "queue/pid"):
            (folder / name).mkdir()
        for name in ("data", *(f"queue/{each}" for each in QUEUES + OTHERS)):
            (folder / name).mkdir()
            os.chown(folder / name, owner, -1)
        (folder / "mail").mkdir()
        os.chown(folder / "mail", NOBODY, NOBODY)
        settings = MAIN | self._places() | settings
        lines = [f"{name} = {value}\n" for name, value in settings.items()]
        (folder / "etc" / "main.cf").write_text("".join(lines))
        os.utime(folder / "etc" / "main.cf", (0, 0))  # it is not read until it is 2 s old
        (folder / "etc" / "master.cf").write_text(MASTER.format(port=port))
        self.program = Program(
            *(master, "-c", folder / "etc", "-s"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _places(self) -> dict[str, str]:
        return {
            "queue_directory": str(self.folder / "queue"),
            "data_directory": str(self.folder / "data"),
            "virtual_mailbox_base": str(self.folder / "mail"),
            "maillog_file_prefixes": str(self.folder),
            "maillog_file": str(self.folder / "log"),
        }

    def log(self) -> str:
        """What it has logged so far."""
        with suppress(FileNotFoundError):
            return (self.folder / "log").read_text(errors="replace")
        return ""

    def waitForLog(self, pattern: str, count: int = 1) -> None:
        """Until `pattern` is `count` times in its log, which postlogd writes after the event."""
        self.waitUntil(
            lambda: len(re.findall(pattern, self.log())) >= count, f"{pattern} in its log"
        )

    def queued(self) -> int:
        """How many mails are in its queue."""
        folders = [self.folder / "queue" / name for name in QUEUES]
        return sum(len(files) for each in folders for _, _, files in os.walk(each))

    def hasDrained(self) -> bool:
        """Whether its queue is empty. Mails that wait because they were locked are due at once.

        qmgr sets a mail aside for a minute if a delivery agent still holds it.
        """
        for file in (self.folder / "queue" / "incoming").rglob("*"):
            with suppress(FileNotFoundError):
                if file.stat().st_mtime > time.time():
                    os.utime(file)
        return not self.queued()

    def arrived(self) -> list[bytes]:
        """The mails in its Maildir, with LF and with the headers that it added."""
        return [file.read_bytes() for file in self.new.glob("*")]

    def waitUntil(self, isSo: Callable[[], bool], what: str) -> None:
        """Until `isSo()`; fails after a while, with the end of the log."""
        until = time.monotonic() + PATIENCE
        while not isSo():
            if time.monotonic() > until:
                raise AssertionError(f"never: {what}\n{self.log()[-5000:]}")
            time.sleep(0.02)  # nothing tells what another program has done

    def waitForMails(self, count: int) -> list[bytes]:
        """The mails in its Maildir, once there are `count` of them and its queue is empty."""
        self.waitUntil(
            lambda: not self.queued() and len(list(self.new.glob("*"))) >= count,
            f"{count} mails in the Maildir",
        )
        return self.arrived()

    def end(self) -> None:
        """End master, which ends its daemons, and kill those that are left."""
        self.program.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.program.wait(timeout=5)
        with suppress(ProcessLookupError):
            os.killpg(self.program.pid, signal.SIGKILL)
        self.program.wait(timeout=PATIENCE)
