"""The bulletin board: each component through its boxes, and all of them behind a real server."""

import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Apps.Europython09.BB.Authenticator import Authenticator
from Kamaelia.Apps.Europython09.BB.Conversation import Conversation
from Kamaelia.Apps.Europython09.BB.LineOrientedInputBuffer import LineOrientedInputBuffer
from Kamaelia.Apps.Europython09.BB.MessageBoardUI import MessageBoardUI
from Kamaelia.Apps.Europython09.BB.RequestResponseComponent import RequestResponseComponent
from Kamaelia.Apps.Europython09.BB.Support import Folder, readUsers
from Kamaelia.Apps.Europython09.BB.UserStatePersistence import StateSaverLogout, UserRetriever
from Tests.Kamaelia.consumers import runInto
from Tests.Kamaelia.sockets import dial, readAll

USERS = {"ann": "secret"}


def linesOf(*words):
    return [word + "\r\n" for word in words]


def said(outcome):
    return "".join(outcome["outbox"])


# Lines


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_lines_do_not_depend_on_how_the_network_cuts_them(size):
    data = "Käse\r\nzwei\nleer:\r\n\r\nrest".encode()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    outcome = feed(LineOrientedInputBuffer(), inbox=pieces)
    assert outcome["outbox"] == linesOf("Käse", "zwei", "leer:", "")
    assert outcome["signal"] == [FINISHED]


def test_a_line_is_sent_when_the_one_before_has_been_taken():
    source = LineOrientedInputBuffer()
    source.deliver(b"x\r\n" * 20)
    source.deliver(FINISHED, "control")
    slow = runInto(source)
    assert slow.got == ["x\r\n"] * 20
    assert slow.longest == 1


def test_a_long_line_is_cut():
    (line,) = feed(LineOrientedInputBuffer(longest=10), inbox=["x" * 50, "y" * 50 + "\n"])["outbox"]
    assert line == "x" * 10 + "\r\n"


def test_a_shutdown_ends_the_buffer_although_the_line_is_not_taken():
    stop = shutdownMicroprocess()
    source, sink = LineOrientedInputBuffer(), LineOrientedInputBuffer()
    source.link((source, "outbox"), (sink, "inbox"))
    assert feed(source, inbox=[b"a\nb\n"], control=[stop])["signal"] == [stop]


# The login


def test_a_user_logs_in_with_the_right_password():
    state = {}
    outcome = feed(
        Authenticator(users=USERS, State=state),
        inbox=linesOf("ann", "wrong", "bob", "secret", "bob", "", "Ann", "secret"),
        control=(),
    )
    assert said(outcome).count("Login Failed!") == 3
    assert said(outcome).endswith("Login Successful\r\n")
    assert state == {"remoteuser": "Ann"}


@pytest.mark.parametrize("lines", [[], ["ann"], ["ann", "wrong"]])
def test_a_user_may_leave_during_the_login(lines):
    login = Authenticator(users=USERS)
    assert feed(login, inbox=linesOf(*lines))["signal"] == [FINISHED]
    assert login.State == {}


def test_each_user_has_a_state():
    Authenticator().State["remoteuser"] = "ann"
    assert Authenticator().State == {}


# The menus


@pytest.fixture
def folder(tmp_path):
    box = Folder(tmp_path / "messages")
    for subject in ("first", "second"):
        box.addMessage(
            {"from": "bob", "to": "all", "subject": subject, "__body__": f"The {subject}."}
        )
    return tmp_path / "messages"


def test_messages_are_shown_one_after_the_other(folder):
    board = MessageBoardUI(State={"remoteuser": "ann"}, folder=folder)
    outcome = feed(board, inbox=linesOf("", "", "", "q"), control=())
    assert re.search(r"Hello, ann.*subject: first.*The first.*subject: second", said(outcome), re.S)
    assert said(outcome).count("messages> ") == 2


def test_a_message_is_posted_and_answered(folder):
    words = ["p", "bob", "news", "Line 1", "Line 2", "."]
    board = MessageBoardUI(State={"remoteuser": "ann"}, folder=folder)
    feed(board, inbox=linesOf(*words, "q"), control=())
    posted = Folder(folder).getMessage(3)
    assert (posted["from"], posted["to"], posted["subject"]) == ("ann", "bob", "news")
    assert posted["__body__"] == "Line 1\r\nLine 2"
    board = MessageBoardUI(State={"remoteuser": "bob"}, folder=folder)
    feed(board, inbox=linesOf("", "", "r", "Yes.", ".", "x", "q"), control=())
    answer = Folder(folder).getMessage(4)
    assert (answer["to"], answer["subject"], answer["reply-to"]) == ("bob", "Re: first", ["1"])


def test_the_menus_have_help_and_an_exit(folder):
    board = MessageBoardUI(folder=folder)
    outcome = feed(board, inbox=linesOf("h", "", "h", "x", "unknown", "q"), control=())
    assert "Hello, anonymous" in said(outcome)
    assert "q - quit" in said(outcome)
    assert "x - exit" in said(outcome)


@pytest.mark.parametrize("lines", [[], [""], ["", ""], ["p"], ["p", "to", "subject", "text"]])
def test_a_user_may_leave_anywhere(folder, lines):
    board = MessageBoardUI(folder=folder)
    assert feed(board, inbox=linesOf(*lines))["signal"] == [FINISHED]
    assert len(Folder(folder).getMessages()) == 2


def test_a_board_without_a_folder_has_no_messages(tmp_path):
    board = MessageBoardUI(folder=tmp_path / "none")
    assert "messages>" not in said(feed(board, inbox=linesOf("", "q"), control=()))


# Storage


def test_messages_that_are_added_at_once_get_numbers_of_their_own(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: Folder(tmp_path).addMessage({"a": 1}), range(50)))
    assert sorted(numbers) == list(range(1, 51))
    assert len(Folder(tmp_path).getMessages()) == 50
    assert not list(tmp_path.glob(".new-*"))


@pytest.mark.parametrize("name", ["../secret", ".meta", "x", "", "1/../2", "²"])
def test_only_numbers_are_names_of_messages(tmp_path, name):
    (tmp_path / "x").write_text("{}")
    assert Folder(tmp_path).getMessage(name) is None


def test_a_damaged_message_is_skipped(tmp_path):
    (tmp_path / "1").write_text("{")
    (tmp_path / "2").write_text('{"subject": "good"}')
    (tmp_path / ".meta").write_text("damaged")
    assert Folder(tmp_path).getMessages() == [{"subject": "good"}]


def test_users_are_read_from_a_file(tmp_path):
    path = tmp_path / "users"
    path.write_text('{"ann": "secret"}')
    assert readUsers(path) == USERS
    path.write_text("[]")
    with pytest.raises(ValueError, match="must be a JSON object"):
        readUsers(path)


# Together


class Counted(StateSaverLogout):
    def save(self):
        self.State["saved"] = True


def test_without_a_main_a_component_says_that_nothing_is_attached():
    outcome = feed(RequestResponseComponent(), control=())
    assert said(outcome).startswith("no protocol attached")
    assert isinstance(outcome["signal"][0], producerFinished)


def test_the_state_is_loaded_and_saved():
    state = {}
    assert "Retrieving" in said(feed(UserRetriever(State=state), control=()))
    assert "Goodbye!" in said(feed(Counted(State=state), control=()))
    assert state == {"saved": True}


def board(folder):
    state = {}
    return Conversation(
        Authenticator(users=USERS, State=state),
        UserRetriever(State=state),
        MessageBoardUI(State=state, folder=folder),
        StateSaverLogout(State=state),
    )


def test_a_user_types_everything_at_once_and_each_stage_gets_its_lines(folder, serving):
    def client(server):
        with dial(server.port) as sock:
            sock.sendall(b"ann\r\nsecret\r\n\r\n\r\nx\r\nq\r\n")
            return readAll(sock).decode()

    text = serving(client, protocol=lambda **_: board(folder))
    assert re.search(
        "Login Successful.*Retrieving.*Hello, ann.*first.*Saving.*Goodbye!", text, re.S
    )


def test_a_user_who_disconnects_ends_the_conversation(folder, serving):
    def client(server):
        with dial(server.port) as sock:
            sock.sendall(b"ann\r\nsecret\r\n")
            sock.shutdown(socket.SHUT_WR)
            return readAll(sock).decode()

    assert "Login Successful" in serving(client, protocol=lambda **_: board(folder))
