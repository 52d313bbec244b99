"""Python in a real browser: programs run there as everywhere, and errors say what is missing."""

import functools
import http.server
import io
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from Axon import Browser
from Tests.conftest import REQUIRE, pathOf
from Tests.served import served

ROOT = Path(__file__).resolve().parents[2]
PYODIDE = ROOT / "Packaging" / "page" / "node_modules" / "pyodide"  # `make page` installs it

PAGE = b"""<!doctype html><title>wait</title><script type="module">
import { loadPyodide } from "./pyodide.mjs";
const python = await loadPyodide();
const archive = await (await fetch("kamaelia.zip")).arrayBuffer();
python.FS.writeFile("/kamaelia.zip", new Uint8Array(archive));
python.runPython("import sys; sys.path.insert(0, '/kamaelia.zip')");
window.run = async program => {
    const lines = [];
    python.setStdout({ batched: line => lines.push(line) });
    try { await python.runPythonAsync(program); }
    catch (error) { lines.push(error.message.trim().split("\\n").pop()); }
    return lines.join("\\n");
};
const worker = new Worker("worker.js", { type: "module" });
window.runInWorker = program => new Promise(resolve => {
    worker.onmessage = event => resolve(event.data);
    worker.postMessage(program);
});
document.title = "ready";
</script>"""

# A Worker that calls Python so that it cannot wait: as in browsers that cannot suspend it.
WORKER = b"""
import { loadPyodide } from "./pyodide.mjs";
const loading = load();
async function load() {
    const python = await loadPyodide();
    const archive = await (await fetch("kamaelia.zip")).arrayBuffer();
    python.FS.writeFile("/kamaelia.zip", new Uint8Array(archive));
    python.runPython("import sys; sys.path.insert(0, '/kamaelia.zip')");
    return python;
}
onmessage = async ({ data }) => {
    const python = await loading;
    const lines = [];
    python.setStdout({ batched: line => lines.push(line) });
    try { python.runPython(data); }
    catch (error) { lines.push(error.message.trim().split("\\n").pop()); }
    postMessage(lines.join("\\n"));
};
"""

PARTS = """
from Axon.Component import component
from Axon.Scheduler import scheduler
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Util.DataSource import DataSource
scheduler.run = scheduler()

class Show(component):
    def main(self):
        while True:
            yield from self.waitForMessage()
            for message in self.Inbox():
                print(message)
            if self.isShuttingDown():
                return
"""


def archive() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for package in ("Axon", "Kamaelia"):
            for path in (ROOT / package).rglob("*.py"):
                file.write(path, path.relative_to(ROOT))
    return made.getvalue()


class Site(http.server.SimpleHTTPRequestHandler):
    """Pyodide, our packages and a page."""

    made = archive()

    def do_GET(self) -> None:
        own = {
            "/": ("text/html", PAGE),
            "/worker.js": ("text/javascript", WORKER),
            "/kamaelia.zip": ("application/zip", self.made),
        }
        if self.path not in own:
            super().do_GET()
            return
        kind, data = own[self.path]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """Return a page whose run(program) and runInWorker(program) return what is printed."""
    if not (PYODIDE / "pyodide.mjs").exists():
        reason = "needs the npm package pyodide, which `make page` installs"
        pytest.fail(reason) if os.environ.get(REQUIRE) else pytest.skip(reason)
    handler = functools.partial(Site, directory=str(PYODIDE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    with served(server), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=pathOf("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.wait_for_function("document.title === 'ready'", timeout=120_000)
        page.evaluate("runInWorker('')")  # it has loaded
        page.context.set_offline(True)
        yield page
        browser.close()


@pytest.fixture
def run(page: Page) -> Callable[[str], str]:
    """Return run(program), which returns what the program has printed in the browser."""
    return lambda program: page.evaluate("program => run(program)", PARTS + program)


pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(240)]

PIPELINE = "Pipeline(DataSource([1, 2, 3]), Show())"


@pytest.mark.parametrize(
    "program",
    [
        f"{PIPELINE}.run()",
        f"{PIPELINE}.activate(); scheduler.run.runThreads()",
        f"{PIPELINE}.activate(); await scheduler.run.runAsync()",
        f"{PIPELINE}.activate()\nfor _ in scheduler.run.main(): pass",
    ],
)
def test_each_way_to_run_a_system_works(run, program):
    assert run(program) == "1\n2\n3"


@pytest.mark.parametrize("program", [f"{PIPELINE}.run()", f"{PIPELINE}.run()\n{PIPELINE}.run()"])
def test_a_run_blocks_a_worker_whose_browser_cannot_suspend_it(page, program):
    printed = page.evaluate("program => runInWorker(program)", PARTS + program)
    assert printed.split() == ["1", "2", "3"] * program.count("run")


FED = """
from Axon.testing import feed
class Double(component):
    async def main(self):
        async for number in self.messages():
            self.send(2 * number)
print(feed(Double(), inbox=[1, 2])["outbox"])
"""

AN_HOUR = """
from Axon.Timers import VirtualClock
scheduler.run = scheduler(clock=VirtualClock())
class Patient(component):
    def main(self):
        yield from self.waitForMessage(timeout=3600)
        print("an hour")
Patient().run()
"""


@pytest.mark.parametrize(
    ("program", "printed"), [(FED, "[2, 4]"), (AN_HOUR, "an hour")], ids=["fed", "hour"]
)
@pytest.mark.parametrize("where", ["run", "runInWorker"])
def test_components_are_fed_and_a_virtual_clock_advances(page, where, program, printed):
    assert page.evaluate(f"program => {where}(program)", PARTS + program) == printed


def test_timeouts_and_async_bodies_work(run):
    program = """
class Later(component):
    async def main(self):
        import asyncio
        async for message in self.messages():
            await asyncio.sleep(0.01)
            self.send(2 * message)

class Slow(component):
    def main(self):
        yield from self.waitForChange(0.05)
        self.send("late")

Pipeline(DataSource([1, 2]), Later(), Show()).run()
Slow().run()
print("done")
"""
    assert run(program) == "2\n4\ndone"


def test_two_runs_follow_each_other(run):
    assert run(f"{PIPELINE}.run()\n{PIPELINE}.run()") == "1\n2\n3\n1\n2\n3"


def test_an_error_of_a_component_is_raised_by_run(run):
    program = """
class Faulty(component):
    def main(self):
        yield 1
        raise ValueError("the mistake")
try:
    Faulty().run()
except ValueError as error:
    print(error, error.__notes__[0].startswith("raised in "))
"""
    assert run(program) == "the mistake True"


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (
            """
from Axon.ThreadedComponent import threadedcomponent
class Busy(threadedcomponent):
    def main(self):
        pass
Busy().run()
""",
            ["Busy", "needs a thread", "async def main"],
        ),
        (
            """
from Kamaelia.Internet.UDP import SimplePeer
SimplePeer().run()
""",
            ["SimplePeer", "needs sockets", "DataSource"],
        ),
        (
            """
from Kamaelia.Util.Console import ConsoleReader
ConsoleReader().run()
""",
            ["ConsoleReader", "DataSource"],
        ),
    ],
)
def test_what_is_missing_in_a_browser_is_explained(run, program, words):
    said = run(f"try:\n    exec({program!r})\nexcept Exception as error:\n    print(error)")
    for word in words:
        assert word in said


def test_elsewhere_nothing_is_missing():
    assert not Browser.mayWait()
    Browser.checkThreads("Component_1")
    Browser.checkOperatingSystem("Component_1")
