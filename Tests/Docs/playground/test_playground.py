"""The playground in a real browser, without a network: lessons, pictures, and what does not end."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from Docs.playground.build import PYODIDE, build
from Docs.playground.lesson import Lesson, edited
from Docs.playground.lessons import LESSONS, textsOf
from Docs.playground.serve import HEADERS, Handler, serverOf
from Tests.conftest import REQUIRE, pathOf
from Tests.served import served

PATIENCE = 60_000  # milliseconds
expect.set_options(timeout=PATIENCE)
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(240)]


class Quiet(Handler):
    def log_message(self, *_: object) -> None:
        pass


class WithoutHeaders(Quiet):
    """As a server that knows nothing about the headers, such as one for static pages."""

    def send_header(self, keyword: str, value: str) -> None:
        if keyword not in HEADERS:
            super().send_header(keyword, value)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (PYODIDE / "pyodide.mjs").exists():
        reason = "needs the npm package pyodide, which `make page` installs"
        pytest.fail(reason) if os.environ.get(REQUIRE) else pytest.skip(reason)
    made: Path = tmp_path_factory.mktemp("docs") / "playground"
    build(made)
    return made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=pathOf("chromium"), args=OPTIONS, timeout=PATIENCE
        )
        yield browser
        browser.close()


@contextmanager
def addressOf(folder: Path, handler: type[Handler]) -> Iterator[str]:
    with served(serverOf(folder.parent, 0, handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}/playground/index.html"


class Opened:
    """The playground in a page, with what it complained of."""

    def __init__(self, browser: Browser, address: str, **options: Any) -> None:
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.page: Page = browser.new_page(**options)
        self.page.set_default_timeout(PATIENCE)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda message: self.faults.append(message.text))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(address)
        self.waitUntilReady()

    def waitUntilReady(self) -> None:
        expect(self.page.locator("#run")).to_be_enabled(timeout=PATIENCE)

    def choose(self, key: str) -> None:
        self.page.locator("#steps").select_option(key)
        expect(self.page.locator("#steps")).to_have_value(key)

    def write(self, program: str) -> None:
        self.page.locator("#program").fill(program)

    def check(self, program: str) -> tuple[bool, str]:
        self.write(program)
        self.page.locator("#check").click()
        self.waitUntilReady()
        verdict = self.page.locator("#verdict")
        expect(verdict).to_be_visible()
        return verdict.get_attribute("class") == "right", verdict.inner_text()

    def run(self, program: str, isSlow: bool = False) -> str:
        self.write(program)
        self.page.locator("#slowly").set_checked(isSlow)
        self.page.locator("#run").click()
        self.waitUntilReady()
        return self.page.locator("#output").inner_text()


@pytest.fixture(scope="module")
def opened(folder: Path, chromium: Browser) -> Iterator[Opened]:
    with addressOf(folder, Quiet) as address:
        shown = Opened(chromium, address, viewport={"width": 1280, "height": 800})
        shown.page.context.set_offline(True)
        yield shown
        shown.page.context.close()


@pytest.mark.parametrize("lesson", [pytest.param(each, id=key) for key, each in LESSONS.items()])
def test_right_answers_pass_and_wrong_ones_get_their_hints(opened: Opened, lesson: Lesson):
    opened.choose(lesson.key)
    answer = textsOf(lesson).answer
    assert opened.check(answer) == (True, "Right.")
    for wrong in lesson.wrong:
        isRight, text = opened.check(edited(answer, wrong.edits))
        assert not isRight
        assert text.startswith(wrong.hint.replace("`", ""))


def test_nothing_is_asked_of_another_server(opened: Opened):
    assert opened.faults == []
    assert all(each.startswith(("http://127.0.0.1:", "blob:")) for each in opened.requests)


COUNT = """
from Axon.Component import component
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Util.DataSource import DataSource

class Show(component):
    def main(self):
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                print(message)
            if self.isShuttingDown():
                return

Pipeline(DataSource(range(40)), Show()).run()
"""


def test_a_system_is_drawn_while_it_runs_slowly(opened: Opened):
    opened.choose("end")
    opened.write(COUNT)
    opened.page.locator("#slowly").set_checked(True)
    opened.page.locator("#run").click()
    frame = opened.page.frame_locator("#picture")
    titles = "() => kamaelia.scene().nodes.map(node => node.title).sort()"
    canvas = frame.locator("#picture")
    while canvas.evaluate(titles) != ["DataSource", "Pipeline", "Show"]:
        opened.page.wait_for_timeout(20)
    frame.locator("#pause").click()
    expect(frame.locator("#pause")).to_have_text("Continue")
    before = opened.page.locator("#output").inner_text()
    frame.locator("#step").click()
    frame.locator("#pause").click()
    opened.waitUntilReady()
    after = opened.page.locator("#output").inner_text()
    assert len(before.split()) < 40
    assert after.split() == [str(number) for number in range(40)]


def test_a_system_on_an_own_core_is_drawn(opened: Opened):
    opened.choose("mini_axon_4")
    assert opened.run(textsOf(LESSONS["mini_axon_4"]).answer, isSlow=True) == "10\n"
    canvas = opened.page.frame_locator("#picture").locator("#picture")
    classes = canvas.evaluate("() => [...kamaelia.model.components.values()].map(c => c.class)")
    assert classes


BUSY = """
from Axon.Component import component
class Busy(component):
    def main(self):
        yield
        while True:
            pass
Busy().run()
"""

THREADED = """
from Axon.ThreadedComponent import threadedcomponent
class Busy(threadedcomponent):
    def main(self):
        pass
Busy().run()
"""

WAITS = """
from Axon.Component import component
class Waits(component):
    def main(self):
        while True:
            yield from self.waitForMessage(timeout=1)
Waits().run()
"""


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("while True:\n    pass\n", "Line 1: this turn did not end"),
        (THREADED, "needs a thread"),
        (
            "from Kamaelia.Internet.TCPClient import TCPClient\nTCPClient('127.0.0.1', 1).run()\n",
            "needs sockets, which it does not have",
        ),
        ("from Kamaelia.Util.Console import ConsoleReader\nConsoleReader().run()\n", "DataSource"),
        ("open('numbers.txt')\n", "A browser does not have your files"),
        ("if\n", "Line 1: Python does not understand this"),
        ("1 / 0\n", "Line 1: ZeroDivisionError"),
    ],
    ids=["loop", "thread", "socket", "terminal", "file", "syntax", "error"],
)
def test_what_cannot_run_is_explained(opened: Opened, program, words):
    opened.choose("component")
    assert words in opened.run(program)
    assert opened.run("print('it still works')") == "it still works\n"


def test_a_turn_that_does_not_end_is_reported_and_the_next_program_runs(opened: Opened):
    opened.choose("component")
    assert re.match(r"Line \d: this turn did not end", opened.run(BUSY))
    assert opened.run("print('it still works')") == "it still works\n"


def test_a_turn_that_does_not_end_is_stopped_without_another_worker(opened: Opened):
    opened.choose("component")
    opened.write(BUSY)
    opened.page.locator("#run").click()
    opened.page.locator("#stop").click()
    opened.waitUntilReady()
    printed = opened.page.locator("#output").inner_text()
    assert re.match(r"Line \d: this turn did not end", printed)
    assert opened.run("print('it still works')") == "it still works\n"


def test_a_system_that_waits_is_stopped(opened: Opened):
    opened.choose("component")
    opened.write(WAITS)
    opened.page.locator("#run").click()
    opened.page.locator("#stop").click()
    opened.waitUntilReady()
    assert opened.run("print('it still works')") == "it still works\n"


def test_a_pause_between_two_turns_ends_with_stop_and_is_no_endless_turn(opened: Opened):
    opened.choose("component")
    opened.write(COUNT)
    opened.page.locator("#slowly").set_checked(True)
    opened.page.locator("#run").click()
    expect(opened.page.locator("#output")).to_contain_text("0")  # the pauses are still long
    opened.page.locator("#stop").click()
    opened.waitUntilReady()
    printed = opened.page.locator("#output").inner_text()
    assert "39" not in printed
    assert "did not end" not in printed
    assert opened.run("print('it still works')") == "it still works\n"


def test_the_page_says_that_a_turn_runs_for_a_long_time(opened: Opened):
    opened.choose("component")
    opened.write(BUSY)
    opened.page.locator("#run").click()
    expect(opened.page.locator("#state")).to_contain_text("A turn has run for")
    opened.page.locator("#stop").click()
    opened.waitUntilReady()
    expect(opened.page.locator("#state")).to_have_text("")


def test_the_tests_of_a_learner_are_run(opened: Opened):
    opened.choose("tests")
    printed = opened.run(textsOf(LESSONS["tests"]).answer)
    assert len(re.findall("^passed: ", printed, re.MULTILINE)) == 2


def test_hints_come_one_by_one_and_then_the_answer(opened: Opened):
    opened.choose("end")
    opened.page.locator("#hint").click()
    assert opened.page.locator("#hints li").count() == 1
    opened.page.locator("#hint").click()
    assert opened.page.locator("#hints li").count() == 2
    assert opened.page.locator("#solution").is_hidden()
    opened.page.locator("#hint").click()
    assert "class Careful" in opened.page.locator("#solution pre").inner_text()


def test_answers_stay_in_the_browser(opened: Opened):
    opened.choose("component")
    opened.write("print('mine')")
    opened.choose("end")
    opened.choose("component")
    assert opened.page.locator("#program").input_value() == "print('mine')"
    opened.page.locator("#reset").click()
    assert opened.page.locator("#program").input_value() == LESSONS["component"].starter


def test_without_shared_memory_loops_of_python_are_interrupted_too(folder: Path, chromium: Browser):
    with addressOf(folder, WithoutHeaders) as address:
        shown = Opened(chromium, address)
        assert not shown.page.evaluate("crossOriginIsolated")
        assert shown.run("while True:\n    pass\n").startswith("Line 1: this turn did not end")
        shown.write("sum(iter(int, 1))\n")  # Python itself loops
        shown.page.locator("#run").click()
        expect(shown.page.locator("#verdict")).to_contain_text(
            "could not be interrupted", timeout=PATIENCE
        )
        assert shown.run("print('it works again')") == "it works again\n"
        shown.page.context.close()


def test_a_page_that_is_opened_as_a_file_says_why_it_does_not_work(folder: Path, chromium: Browser):
    page = chromium.new_page()
    page.goto((folder / "index.html").as_uri())
    expect(page.locator("#notice")).to_contain_text("make docs-serve")
    page.context.close()


def test_the_lessons_that_the_page_reads_are_those_of_the_table(folder: Path):
    lessons = json.loads((folder / "lessons.json").read_text())
    assert [each["key"] for each in lessons] == list(LESSONS)
