"""Each step of the bulletin board, with a user at a real connection."""

import json
import re

import pytest

from Tests.Kamaelia.sockets import dial, readAll

LOGIN = ["ann", "secret"]


def talk(server, *lines):
    """Send the lines to the server, and return all that it answers."""
    with dial(server.port) as sock:
        sock.sendall("".join(line + "\r\n" for line in lines).encode())
        return readAll(sock).decode()


@pytest.mark.parametrize(
    ("step", "lines", "answer"),
    [
        (1, [], "Welcome.*Goodbye!"),
        (2, ["Ann"], "name.*Hello, Ann, and goodbye!"),
        (3, ["Käthe"], "name.*Hello, Käthe, and goodbye!"),
        (4, ["ann", "wrong", *LOGIN], "login: .*Failed!.*Login Successful.*Goodbye!"),
        (5, LOGIN, "Login Successful.*Retrieving.*Hello, ann.*Goodbye!"),
        (6, ["x", "e", "echo", "h", "q"], "help.*You said: echo.*help.*Goodbye!"),
    ],
)
def test_a_step_answers_and_ends(serve, step, lines, answer):
    server = serve(f"BulletinBoard/BB{step}.py")
    assert re.search(answer, talk(server, *lines), re.DOTALL)
    assert server.end() == (0, "")


@pytest.mark.parametrize("step", [2, 3, 4, 5, 6])
def test_a_user_who_leaves_does_not_end_the_server(serve, step):
    server = serve(f"BulletinBoard/BB{step}.py")
    for _ in range(3):
        dial(server.port).close()
    with dial(server.port) as sock:
        assert sock.recv(100)
    assert server.end() == (0, "")


POST = ["p", "bob", "news", "Hello, Bob.", "."]


def test_step_7_stores_messages_and_shows_them(serve, tmp_path):
    server = serve("BulletinBoard/BB7.py", "--folder", tmp_path / "messages")
    assert "has number 1" in talk(server, *LOGIN, *POST, "q")
    answer = talk(server, "bob", "hidden", "", "", "q")
    assert re.search("from: ann.*subject: news.*Hello, Bob.*Goodbye!", answer, re.DOTALL)
    assert server.end() == (0, "")


def test_step_8_shows_each_message_once(serve, tmp_path):
    users = tmp_path / "users"
    users.write_text(json.dumps({"ann": "secret"}))
    folders = ["--messages", tmp_path / "messages", "--states", tmp_path / "states"]
    server = serve("BulletinBoard/BB8.py", "--users", users, *folders)
    assert "has number 1" in talk(server, *LOGIN, *POST, "q")
    assert "Hello, Bob" in talk(server, *LOGIN, "", "", "q")
    assert "Hello, Bob" not in talk(server, *LOGIN, "", "q")
    assert server.end() == (0, "")
    assert (tmp_path / "states" / "ann.json").read_text() == "1"
