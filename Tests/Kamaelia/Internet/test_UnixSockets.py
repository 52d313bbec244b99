"""Paths of Unix sockets: which files may be replaced, and which are removed at the end."""

import errno
import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Internet.ListeningSockets import closeAll
from Kamaelia.Internet.TCPClient import TCPClient
from Kamaelia.Internet.TCPServer import TCPServer
from Kamaelia.Internet.UnixSockets import MOST_BYTES, PathSocket, openPath
from Tests.Kamaelia.sockets import PATIENCE, Echo, readExactly


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "s")


def aFile(path: str) -> None:
    Path(path).write_text("precious")


def aDirectory(path: str) -> None:
    os.mkdir(path)


def aPipe(path: str) -> None:
    os.mkfifo(path)


def aLinkToAStaleSocket(path: str) -> None:
    aStaleSocket(path + "x")
    os.symlink(path + "x", path)


def aDanglingLink(path: str) -> None:
    os.symlink(path + "nowhere", path)


def aStaleSocket(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(path)


@pytest.mark.parametrize("make", [aFile, aDirectory, aPipe, aLinkToAStaleSocket, aDanglingLink])
def test_a_file_that_is_not_a_socket_is_an_error_that_names_the_path(path, make):
    make(path)
    before = os.lstat(path)
    with pytest.raises(OSError, match=path) as caught:
        ServerCore(protocol=Echo, path=path).run()
    assert caught.value.errno == errno.EADDRINUSE
    assert os.lstat(path) == before


def test_the_content_of_a_file_is_not_changed(path):
    aFile(path)
    with pytest.raises(OSError, match="a file is there"):
        openPath(path)
    assert Path(path).read_text() == "precious"


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_socket_in_use_is_not_replaced(path, kind):
    with socket.socket(socket.AF_UNIX, kind) as other:
        other.bind(path)
        if kind == socket.SOCK_STREAM:
            other.listen()
        with pytest.raises(OSError, match="another process listens there"):
            openPath(path)
        assert os.path.exists(path)


def test_a_socket_with_a_full_queue_is_in_use_and_the_check_does_not_block(path):
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path)
        other.listen(0)
        waiting = []
        while True:
            client = socket.socket(socket.AF_UNIX)
            client.setblocking(False)
            waiting.append(client)
            try:
                client.connect(path)
            except BlockingIOError:
                break
        with pytest.raises(OSError, match="another process listens there"):
            openPath(path)
        for client in waiting:
            client.close()


@pytest.mark.parametrize("kind", [str, Path, os.fsencode])
def test_a_stale_socket_is_replaced_for_every_type_of_path(serving, path, kind):
    aStaleSocket(path)
    assert serving(hello(path), protocol=Echo, path=kind(path)) == b"hello"
    assert not os.path.exists(path)


def hello(path: str) -> Any:
    def client(_: Any) -> bytes:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(PATIENCE)
            sock.connect(path)
            sock.sendall(b"hello")
            return readExactly(sock, 5)

    return client


def test_a_stale_socket_in_an_inaccessible_directory_is_not_replaced(path, monkeypatch):
    aStaleSocket(path)

    def refuse(*_: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(PermissionError, match=f"cannot listen on {path}: Permission denied"):
        openPath(path)


def test_an_abstract_name_is_not_a_file(serving, tmp_path):
    name = f"\0kamaelia-test-{os.getpid()}"
    assert serving(hello(name), protocol=Echo, path=name) == b"hello"


@pytest.mark.parametrize("replace", [aFile, aStaleSocket])
def test_another_file_at_the_path_is_not_removed_at_the_end(path, replace):
    sock = openPath(path)
    os.unlink(path)
    replace(path)
    before = os.lstat(path)
    closeAll([sock])
    assert os.lstat(path) == before


def test_the_path_of_a_second_server_stays_when_the_first_one_ends(path):
    first = openPath(path)
    first.close()  # no process listens, but the file exists
    second = openPath(path)
    closeAll([first])
    assert os.path.exists(path)
    closeAll([second])
    assert not os.path.exists(path)


def test_the_path_is_removed_after_a_change_of_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sock = openPath("here")
    monkeypatch.chdir("/")
    closeAll([sock])
    assert not (tmp_path / "here").exists()


def test_the_error_for_a_long_path_says_that_it_is_too_long(tmp_path):
    path = str(tmp_path / ("x" * MOST_BYTES))
    with pytest.raises(OSError, match="bytes, and at most") as caught:
        ServerCore(protocol=Echo, path=path).run()
    assert caught.value.errno == errno.ENAMETOOLONG
    assert path in str(caught.value)


def test_the_longest_possible_path_is_accepted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sock = openPath("x" * MOST_BYTES)
    closeAll([sock])
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "error"),
    [("", ValueError), ("a\0b", ValueError), (5, TypeError), (object(), TypeError)],
)
@pytest.mark.parametrize(
    "make",
    [
        lambda path: ServerCore(protocol=Echo, path=path),
        lambda path: TCPServer(path=path),
        lambda path: TCPClient(path=path),
    ],
    ids=["ServerCore", "TCPServer", "TCPClient"],
)
def test_an_impossible_path_is_an_error_of_the_constructor(make, path, error):
    with pytest.raises(error, match="path of a Unix socket"):
        make(path)


def test_of_many_servers_on_one_stale_path_exactly_one_listens(path):
    aStaleSocket(path)
    opened: list[Any] = []
    errors: list[OSError] = []

    def attempt() -> None:
        try:
            opened.append(openPath(path))
        except OSError as error:
            errors.append(error)

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(opened) + len(errors) == 8
    assert opened
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
    closeAll(opened)
    assert not os.path.exists(path)


def test_a_link_that_takes_the_place_of_a_new_socket_is_not_followed(tmp_path: Path) -> None:
    """In a folder in which others may rename files, the permissions of a foreign file are safe."""
    foreign, path = tmp_path / "foreign", tmp_path / "socket"
    foreign.touch(0o644)
    before = foreign.stat().st_mode

    class Raced(PathSocket):
        def bind(self, name: Any) -> None:
            super().bind(name)
            os.unlink(name)
            os.symlink(foreign, name)

    with Raced() as sock, pytest.raises(OSError, match="another process has replaced the socket"):
        sock.listenOn(str(path), 0o600)
    assert foreign.stat().st_mode == before
    assert path.is_symlink()


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666])
def test_the_file_has_the_permissions_that_are_asked_for(tmp_path: Path, mode: int) -> None:
    sock = openPath(tmp_path / "socket", mode)
    assert (tmp_path / "socket").stat().st_mode & 0o777 == mode
    sock.removePath()
    sock.close()
