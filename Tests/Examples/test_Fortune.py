import pytest

from Tests.Kamaelia.sockets import dial, readAll

SAYINGS = "Käse ist gut.\n%\nTwo lines\nof one saying.\n%\n"


@pytest.fixture
def server(serve, tmp_path):
    cookies = tmp_path / "cookies"
    cookies.write_text(SAYINGS, encoding="utf-8")
    return serve("Fortune/server.py", "--cookies", cookies)


def test_the_server_sends_one_saying_and_closes_the_connection(server):
    answers = set()
    for _ in range(30):
        with dial(server.port) as sock:
            answers.add(readAll(sock).decode())
    assert answers == {"Käse ist gut.\n", "Two lines\nof one saying.\n"}
    assert server.end() == (0, "")


def test_the_client_prints_the_saying_of_the_server(server, run):
    done = run("Fortune/client.py", "--port", server.port, encoding="utf-8")
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout in {"Käse ist gut.\n", "Two lines\nof one saying.\n"}


def test_the_sayings_may_come_from_a_file(serve):
    with dial(serve("Fortune/server.py").port) as sock:
        assert readAll(sock).endswith(b".\n")


def test_the_client_reports_a_missing_server(run, refusingPort):
    done = run("Fortune/client.py", "--port", refusingPort)
    assert done.returncode == 1
    assert done.stderr.startswith("no fortune: ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
