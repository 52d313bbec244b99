"""How the application stops: SIGTERM ends each session in order, even if cleaning up fails."""

import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from Tests.Kamaelia.Apps.Grey.programs import PATIENCE
from Tests.Kamaelia.Apps.Grey.Service.test_Application import grey
from Tests.Kamaelia.Apps.Grey.wire import Caller

__all__ = ["grey"]  # a fixture

ALLOW = '[allow]\nrecipients = ["c@example.org"]'
needsRoot = pytest.mark.skipif(os.getuid() != 0, reason="only root can change its user")


@needsRoot
@pytest.mark.parametrize("workers", [1, 2])
def test_a_user_who_may_not_remove_the_path_ends_each_session_in_order(
    grey: Any, openFolder: Path, workers: int
) -> None:
    data = openFolder / "data"
    data.mkdir()
    data.chmod(0o777)
    path = openFolder / "smtp"
    proxy = grey(
        folder=data,
        addresses=f', "unix:{path}"',
        listen=f'workers = {workers}\nuser = "nobody"\ngrace = "20s"',
        more=ALLOW,
    )
    idle = [Caller(proxy.port) for _ in range(6)]
    atPath = socket.socket(socket.AF_UNIX)
    atPath.settimeout(PATIENCE)
    path.chmod(0o777)
    atPath.connect(str(path))
    assert atPath.recv(100).startswith(b"220 ")
    inText = [Caller(proxy.port) for _ in range(4)]
    for caller in inText:
        caller.begin("<c@example.org>")
        assert caller.say("DATA").startswith("354")
    proxy.program.send_signal(signal.SIGTERM)
    assert [caller.hear()[:9] for caller in idle] == ["421 4.3.2"] * 6
    assert atPath.recv(100).startswith(b"421 4.3.2")
    for caller in inText:
        caller.socket.sendall(b"Subject: x\r\n\r\nHello\r\n.\r\n")
    assert [caller.hear()[:3] for caller in inText] == ["250"] * 4
    atPath.close()
    for caller in [*idle, *inText]:
        caller.close()
    rest, _ = proxy.program.communicate(timeout=PATIENCE)
    assert proxy.program.returncode == 0, rest
    assert "Traceback" not in rest
    assert "Error" not in rest
