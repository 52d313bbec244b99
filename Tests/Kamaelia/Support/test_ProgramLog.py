"""Messages of Kamaelia on standard error, for programs that have not configured logging."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import logging
import sys

from Axon.Component import component
from Kamaelia.Chassis.ConnectedServer import ServerCore

class Nothing(component):
    pass

{before}

def end(server):
    {during}
    server.deliver(shutdownMicroprocess(), "control")

from Axon.Ipc import shutdownMicroprocess
from Kamaelia.Internet.SingleServer import SingleServer

{server}.run()
logging.getLogger("Kamaelia").info("after the run")
"""
SERVER = "ServerCore(protocol=Nothing, host='127.0.0.1', port=0, onListening=end)"


@pytest.fixture
def stderrOf(tmp_path):
    def stderrOf(before="", during="pass", server=SERVER, asLibrary=False):
        text = PROGRAM.format(before=before, during=during, server=server)
        path = tmp_path / "program.py"
        path.write_text(text)
        command = [str(path)]
        if asLibrary:
            command = ["-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import program"]
        done = subprocess.run(
            [sys.executable, "-W", "error", *command],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            cwd=Path(__file__).resolve().parents[3],
        )
        assert done.stdout == ""
        return done.stderr

    return stderrOf


def test_a_server_of_a_program_reports_in_one_line_where_it_listens(stderrOf):
    first, _, port = stderrOf().rstrip("\n").rpartition(":")
    assert first == "ServerCore(protocol=Nothing) listens on 127.0.0.1"
    assert int(port) > 0


def test_a_subclass_is_named_and_several_addresses_are_in_one_line(stderrOf):
    before = """
class Server(ServerCore):
    protocol = Nothing
    """
    said = stderrOf(before, server="Server(host=['127.0.0.1', '::1'], port=0, onListening=end)")
    [line] = said.splitlines()
    assert line.startswith("Server listens on 127.0.0.1:")
    assert ", [::1]:" in line


def test_the_path_of_a_unix_socket_is_reported(stderrOf, tmp_path):
    server = f"ServerCore(protocol=Nothing, path={str(tmp_path / 'x')!r}, onListening=end)"
    assert stderrOf(server=server) == (
        f"ServerCore(protocol=Nothing) listens on {tmp_path / 'x'}\n"
    )


def test_several_workers_report_once(stderrOf):
    server = SERVER.replace("port=0", "port=0, workers=2")
    assert stderrOf(server=server).count("listens on 127.0.0.1:") == 1


def test_a_server_for_one_client_reports_too(stderrOf):
    server = "SingleServer(host='127.0.0.1', port=0, onListening=end)"
    assert stderrOf(server=server).startswith("SingleServer listens on 127.0.0.1:")


@pytest.mark.parametrize(
    "before",
    [
        "logging.basicConfig(stream=sys.stderr, level=logging.WARNING)",
        "logging.getLogger('Kamaelia').addHandler(logging.NullHandler())",
        "logging.getLogger('Kamaelia').setLevel(logging.WARNING)",
        "logging.getLogger().setLevel(logging.ERROR)",
        "logging.disable(logging.INFO)",
    ],
)
def test_nothing_is_installed_if_the_program_has_configured_logging(stderrOf, before):
    assert stderrOf(before) == ""


def test_a_program_that_logs_to_stderr_itself_gets_the_line_once(stderrOf):
    before = "logging.basicConfig(stream=sys.stderr, level=logging.INFO, format='> %(message)s')"
    [line, after] = stderrOf(before).splitlines()
    assert line.startswith("> ServerCore(protocol=Nothing) listens on")
    assert after == "> after the run"


def test_a_program_that_configures_logging_while_the_server_runs_gets_nothing_twice(stderrOf):
    during = """
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="> %(message)s")
    logging.getLogger("Kamaelia.x").info("later")
    """
    assert stderrOf(during=during).splitlines()[1:] == ["> later", "> after the run"]


def test_nothing_is_installed_for_a_library(stderrOf):
    assert stderrOf(asLibrary=True) == ""
