"""A real redis-server on a Unix socket, which tests kill, stop, empty and start again."""

import shutil
import signal
import subprocess
import tempfile
from pathlib import Path


class RedisServer:
    """RedisServer(program, *words): a Redis for a `with` statement, with a file of its data.

    password: the one that `words` set.
    """

    def __init__(self, program, *words, password=None):
        self._program, self._words = program, words
        self._login = [] if password is None else ["-a", password, "--no-auth-warning"]
        self.folder = Path(tempfile.mkdtemp(prefix="links"))  # a socket's path has to be short
        self.url = f"unix://{self.folder}/redis.sock"
        self._process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.folder)

    def start(self):
        """Start the server, and wait until it accepts commands."""
        self._process = subprocess.Popen(
            [
                *(self._program, "--port", "0", "--unixsocket", f"{self.folder}/redis.sock"),
                *("--dir", str(self.folder), "--appendonly", "yes", "--save", ""),
                *("--appendfsync", "everysec", "--logfile", "", *self._words),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        read = []
        for line in self._process.stdout:
            read.append(line)
            if "ready to accept connections" in line.lower():
                return
        raise AssertionError("redis-server ended: " + "".join(read))

    def command(self, *words):
        """Run a command with redis-cli, and return what it prints."""
        path = self.url.removeprefix("unix://")
        done = subprocess.run(
            ["redis-cli", "-s", path, *self._login, *words],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        return done.stdout.strip()

    def signal(self, number):
        """Send a signal to the server."""
        self._process.send_signal(number)

    def kill(self):
        """Kill the server with SIGKILL."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process.stdout.close()

    def restart(self, empty=False):
        """Kill the server and start it again; empty: delete its files in between."""
        self.kill()
        if empty:
            shutil.rmtree(self.folder / "appendonlydir")
        self.start()
