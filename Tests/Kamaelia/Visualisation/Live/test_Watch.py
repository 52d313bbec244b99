"""The server of the live page, and its sessions, over real connections."""

import errno
import http.client
import os
import re
import socket
import subprocess
import sys
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from Axon import Postbox
from Axon.Component import component
from Axon.Scheduler import scheduler
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Visualisation.Live.Watch import Watch
from Tests.Kamaelia.sockets import PATIENCE, readAll
from Tests.Kamaelia.Visualisation.Live.conftest import Browser, Forever


class Fast(component):
    """Send as fast as it may."""

    password = "s3cret"
    pace = 7

    def main(self):
        while True:
            self.send("x")
            yield 1


def request(address, path="/", **headers):
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
    connection.putrequest("GET", path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def watchesOf():
    return [each for each in scheduler.run.listAllThreads() if isinstance(each, Watch)]


def pathOf(address):
    parts = urlsplit(address)
    return f"/?{parts.query}"


# The page


def test_the_page_is_served_with_the_token_which_becomes_a_cookie(watched):
    def client(address):
        response, body = request(address, pathOf(address))
        cookie = response.getheader("Set-Cookie")
        script, _ = request(address, "/main.js", Cookie=cookie.partition(";")[0])
        return response, body, cookie, script

    response, body, cookie, script = watched(client)
    assert response.status == script.status == 200
    assert b"<canvas" in body
    assert {"HttpOnly", "SameSite=Strict"} <= set(cookie.split("; "))
    policy = response.getheader("Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert script.getheader("Content-Type").startswith("text/javascript")
    assert script.getheader("Set-Cookie") is None


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/", {}, 403),
        ("/?token=", {}, 403),
        ("/?token=wrong", {}, 403),
        ("/?token=%FF%00", {}, 403),
        ("/?" + "&".join(["token=x"] * 100), {}, 403),
        ("/main.js", {"Cookie": "kamaelia-watch-1=sesame"}, 403),
        ("/main.js", {"Cookie": "=;;\x01, a=b=c"}, 403),
        ("/?token=sesame", {"Host": "evil.example:80"}, 421),
        ("/?token=sesame", {"Host": "127.0.0.1"}, 421),
        ("/?token=sesame", {"Origin": "http://evil.example"}, 403),
        ("/?token=sesame", {"Origin": "null"}, 403),
        ("/nothing?token=sesame", {}, 404),
        ("/../Watch.py?token=sesame", {}, 404),
        ("/system?token=sesame", {}, 426),
    ],
)
def test_a_request_that_is_not_allowed_gets_no_part_of_the_page(watched, path, headers, status):
    watched.settings = {"token": "sesame"}
    response, body = watched(lambda address: request(address, path, **headers))
    assert response.status == status
    assert len(body) < 200
    assert response.getheader("Set-Cookie") is None


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("", {}, 403),
        ("?token=wrong", {}, 403),
        ("", {"Cookie": "kamaelia-watch-0=sesame"}, 403),
        ("?token=sesame", {"Host": "evil.example"}, 421),
        ("?token=sesame", {"Host": "127.0.0.1:1"}, 421),
        ("?token=sesame", {"Origin": "http://evil.example"}, 403),
        ("?token=sesame", {"Origin": "http://127.0.0.1:1"}, 403),
    ],
)
def test_a_websocket_that_is_not_allowed_observes_nothing(watched, query, headers, status):
    watched.settings = {"token": "sesame"}

    def client(address):
        response, _ = request(address, f"/system{query}", **UPGRADE, **headers)
        return response.status, watched.inSystem(lambda: scheduler.run.observers)

    assert watched(client) == (status, ())


def test_the_token_of_each_run_is_another(watched):
    assert len(Watch().address) > 50
    assert Watch().address != Watch().address


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({}, "127.0.0.1"),
        ({"host": "0.0.0.0"}, "127.0.0.1"),
        ({"host": None}, "127.0.0.1"),
        ({"host": "::1"}, "[::1]"),
        ({"host": "192.0.2.7"}, "192.0.2.7"),
        ({"host": "0.0.0.0", "names": ("box.example",)}, "box.example"),
    ],
)
def test_the_address_is_one_that_a_browser_can_open(settings, shown):
    assert Watch(port=81, **settings).address.startswith(f"http://{shown}:81/?token=")


def test_the_page_itself_has_no_details(watched):
    def client(address):
        with Browser(address) as browser:
            watches = watched.inSystem(watchesOf)
            browser.send(type="details", id=watches[0].id)
            return browser.receiveUntil(lambda each: each["type"] == "details")

    assert "settings" not in watched(client)


def test_the_address_is_printed_on_a_line_of_its_own(capfd):
    Watch().activate()
    keeper = Forever().activate()

    class End(component):
        def main(self):
            yield from self.waitForChange(0.01)
            keeper.terminate()

    End().activate()
    scheduler.run.runThreads()
    lines = capfd.readouterr().err.splitlines()
    assert [line for line in lines if line.startswith("http://127.0.0.1:")] == lines
    assert "/?token=" in lines[0]


# The system


def test_the_first_message_has_the_whole_system_without_the_page(watched):
    system = Pipeline(Forever(), Forever())

    def client(address):
        with Browser(address) as browser:
            return browser.receive()

    message = watched(client, system)
    assert message["type"] == "system"
    classes = [each["class"] for each in message["components"]]
    assert sorted(classes) == ["Forever", "Forever", "Forever", "Pipeline"]
    pipeline = next(each for each in message["components"] if each["class"] == "Pipeline")
    inside = [each for each in message["components"] if each["chassis"] == pipeline["id"]]
    assert len(inside) == 2
    ids = {each["id"] for each in message["components"]}
    assert all({each["source"], each["sink"]} <= ids for each in message["linkages"])


def test_births_ends_and_linkages_are_sent_as_changes(watched):
    late = Pipeline(Forever(), Forever())

    def client(address):
        with Browser(address) as browser:
            browser.receive()
            watched.inSystem(late.activate)
            born = browser.receiveUntil(lambda each: len(each.get("linkages", ())) >= 3)
            watched.inSystem(late.terminate)
            ended = browser.receiveUntil(lambda each: late.id in each.get("ended", ()))
        return born, ended

    born, ended = watched(client)
    assert born["type"] == ended["type"] == "change"
    assert ended["unlinked"]


def test_a_full_inbox_and_what_it_holds_are_sent(watched):
    fast, stalled = Fast(), Forever()
    system = Pipeline(fast, stalled, capacity=50)

    def isHeld(message):
        state = message.get("loads", {}).get(str(fast.id))
        return state is not None and state[0] == "held"

    def client(address):
        with Browser(address) as browser:
            return browser.receiveUntil(isHeld)

    loads = watched(client, system)["loads"]
    assert loads[str(fast.id)][2] == [[stalled.id, "inbox"]]
    assert 50 in loads[str(stalled.id)][1]


def test_components_that_live_shorter_than_a_frame_are_counted(watched):
    class Brief(component):
        def main(self):
            yield 1

    class Source(component):
        def main(self):
            while True:
                for _ in range(10):
                    Brief().activate()
                yield from self.waitForChange(0.001)

    def client(address):
        with Browser(address) as browser:
            counted = 0
            while counted < 100:
                counted += browser.receive().get("brief", {}).get("Brief", 0)
        return counted

    assert watched(client, Source()) >= 100


def test_two_browsers_are_served_at_once(watched):
    def client(address):
        with Browser(address) as first, Browser(address) as second:
            return [first.receive(), second.receive()]

    first, second = watched(client)
    assert first == second


def test_an_error_that_is_handled_is_sent_with_its_traceback(watched):
    class Faulty(component):
        def main(self):
            yield 1
            raise ValueError("the mistake")

    class Tolerant(Forever):
        def childFailed(self, child, culprit, error):
            return True

    faulty, parent = Faulty(), Tolerant()
    parent.addChildren(faulty)

    def client(address):
        with Browser(address) as browser:
            browser.receive()
            watched.inSystem(faulty.activate)
            return browser.receiveUntil(lambda each: each["type"] == "error")

    error = watched(client, parent)
    assert error["component"] == faulty.name
    assert "ValueError: the mistake" in error["traceback"]


def test_details_have_docstring_boxes_and_settings_without_secrets(watched):
    fast = Fast()

    def client(address):
        with Browser(address) as browser:
            browser.send(type="details", id=fast.id)
            return browser.receiveUntil(lambda each: each["type"] == "details")

    details = watched(client, fast)
    assert details["docstring"].startswith("Send as fast")
    assert details["settings"] == {"pace": "7", "password": "<left out>"}
    assert set(details["boxes"]["Inboxes"]) == {"inbox", "control"}
    assert details["source"].rpartition(":")[0] == __file__


def test_the_system_is_paused_and_continues_turn_by_turn(watched):
    class Counter(component):
        turns = 0

        def main(self):
            while True:
                self.turns += 1
                yield 1

    counter = Counter()

    def client(address):
        with Browser(address) as browser:
            browser.receive()
            browser.send(type="pause")
            order = browser.receiveUntil(lambda each: each.get("isPaused"))["order"]
            turns = [counter.turns]
            for _ in range(3):
                browser.send(type="step")
                browser.send(type="details", id=counter.id)
                browser.receiveUntil(lambda each: each["type"] == "details")
                watched.inSystem(lambda: None)
                turns.append(counter.turns)
            browser.send(type="continue")
            browser.receiveUntil(lambda each: each.get("isPaused") is False)
        return order, turns, counter.turns

    order, turns, later = watched(client, counter)
    assert order == [counter.id]
    assert turns[3] - turns[0] in (2, 3)
    assert later >= turns[3]


def test_the_system_continues_when_the_browser_that_has_paused_it_goes(watched):
    def isPaused():
        return bool(scheduler.run.brake.isPaused)

    def client(address):
        with Browser(address) as browser:
            browser.send(type="pause")
            browser.receiveUntil(lambda each: each.get("isPaused"))
            before = watched.inSystem(isPaused)
        while watched.inSystem(isPaused):
            pass
        return before

    assert watched(client) is True


# Bad input


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", '{"type": 1}', '{"type": "main"}', '{"type": []}', "[" * 60000, "\0"],
)
def test_a_message_that_is_not_understood_is_answered_with_a_mistake(watched, text):
    def client(address):
        with Browser(address) as browser:
            browser.socket.send(text)
            return browser.receiveUntil(lambda each: each["type"] == "mistake")

    assert watched(client)["text"]


@pytest.mark.parametrize("number", [None, -1, "7", 1e99, [], {}])
def test_details_of_a_component_that_does_not_exist_are_empty(watched, number):
    def client(address):
        with Browser(address) as browser:
            browser.send(type="details", id=number)
            return browser.receiveUntil(lambda each: each["type"] == "details")

    assert "docstring" not in watched(client)


def test_a_message_that_is_too_long_ends_the_connection_and_nothing_else(watched):
    def client(address):
        with Browser(address) as browser:
            with suppress(ConnectionClosed):
                browser.socket.send("x" * 10_000_000)
            with pytest.raises(ConnectionClosed):
                browser.receiveUntilClosed()
        with Browser(address) as browser:
            return browser.receive()["type"]

    assert watched(client) == "system"


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_a_page_of_another_site_opens_no_websocket(watched, origin):
    def client(address):
        with pytest.raises(InvalidStatus) as caught:
            Browser(address, origin=origin)
        return caught.value.response.status_code

    assert watched(client) == 403


def test_a_browser_that_does_not_read_holds_no_component(watched):
    class Turns(component):
        turns = 0

        def main(self):
            while True:
                self.turns += 1
                yield from self.waitForChange(0.0001)

    class Spawner(component):
        def main(self):
            while True:
                Forever(name="n" * 200).activate()
                yield from self.waitForChange(0.001)

    turns = Turns()

    def client(address):
        with Browser(address, max_queue=1) as browser:
            browser.receive()
            for _ in range(20):
                browser.send(type="details", id=turns.id)
            before = turns.turns
            while turns.turns < before + 2000:
                watched.inSystem(lambda: None)
        return True

    assert watched(client, turns, Spawner())


def test_the_end_of_the_system_ends_the_connection(watched):
    def client(address):
        browser = Browser(address)
        browser.receive()
        return browser

    browser = watched(client)
    with pytest.raises(ConnectionClosed):
        browser.receiveUntilClosed()
    browser.close()


def test_a_browser_may_connect_before_the_system_runs(watched):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        watched.settings = {"sockets": [server.dup()], "port": port, "token": "sesame"}
        with socket.create_connection(server.getsockname(), timeout=PATIENCE) as early:
            early.sendall(f"GET /?token=sesame HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            answer = watched(lambda _: readAll(early))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"<canvas" in answer


def test_after_the_end_of_the_system_nothing_listens_and_the_next_run_has_its_own_page(watched):
    address = watched(lambda address: address)
    parts = urlsplit(address)
    with socket.socket() as late:
        assert late.connect_ex((parts.hostname, parts.port)) == errno.ECONNREFUSED

    def again(address):
        return address, request(address, pathOf(address))[0].status

    later, status = watched(again, Forever())
    assert later != address
    assert status == 200


def test_nothing_is_observed_while_no_browser_is_connected(watched):
    def client(address):
        before = watched.inSystem(lambda: (scheduler.run.observers, Postbox.observers))
        with Browser(address) as browser:
            browser.receive()
            during = watched.inSystem(lambda: len(scheduler.run.observers))
        while watched.inSystem(lambda: scheduler.run.observers):
            pass
        return before, during

    before, during = watched(client)
    assert before == ((), ())
    assert during == 1


# Start

PROGRAM = """
from Axon.Component import component

class Main(component):
    def main(self):
        yield from self.waitForChange(0.05)

Main().run()
"""


@pytest.mark.parametrize(
    ("port", "line"),
    [
        ("0", r"http://127\.0\.0\.1:\d+/\?token=[\w-]+"),
        ("x", "KAMAELIA_WATCH has no effect: invalid literal for int.*"),
        ("99999999", "KAMAELIA_WATCH has no effect: .*99999999.*"),
    ],
)
def test_a_variable_watches_a_program_that_is_not_edited(tmp_path, port, line):
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, str(file)],
        env={**os.environ, "KAMAELIA_WATCH": port},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert re.fullmatch(line, done.stderr.strip())
    assert (done.stdout, done.returncode) == ("", 0)


def test_a_port_that_is_in_use_does_not_end_the_program(tmp_path):
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, str(file)],
            env={**os.environ, "KAMAELIA_WATCH": str(port)},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    assert "KAMAELIA_WATCH has no effect" in done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("system", "code", "line"),
    [("absent:system", 2, "kamaelia: there is no module 'absent'"), ("./program.py", 0, "")],
)
def test_the_command_says_nothing_about_a_page_without_a_system(tmp_path, system, code, line):
    (tmp_path / "program.py").write_text("pass\n")
    done = subprocess.run(
        [sys.executable, "-m", "Kamaelia.Apps.Command", "run", "--watch", system],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr.strip()) == (code, line)


def test_the_command_watches_a_system(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-m", "Kamaelia.Apps.Command", "run", "--watch", "./program.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]+\n", done.stderr)
    assert done.returncode == 0
