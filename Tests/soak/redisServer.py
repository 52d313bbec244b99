"""A redis-server process for the test, on a Unix socket."""

import shutil
import subprocess
from typing import Any

from Tests.attacks.harness import must


class RedisServer:
    """An empty redis-server that writes nothing to disk: `with RedisServer(folder) as url`."""

    def __init__(self, folder: str) -> None:
        program = shutil.which("redis-server")
        must(program, "the soak test with Redis needs redis-server")
        self.path = f"{folder}/redis"
        self.command = [str(program), "--save", "", "--dir", folder, "--port", "0"]
        self.command += ["--unixsocket", self.path]

    def __enter__(self) -> str:
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "accept connections" in line:
                return f"unix://{self.path}"
        raise AssertionError("redis-server ended before it was ready")

    def __exit__(self, *_: Any) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
