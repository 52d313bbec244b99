"""The live page in a real browser: Debian's Chromium, driven by Playwright."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, sync_playwright

from Tests.conftest import pathOf

PATIENCE = 60_000  # milliseconds
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


class Opened:
    """A page with what it complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        self.requests: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda message: self.faults.append(message.text))
        page.on("request", lambda request: self.requests.append(request.url))

    def evaluate(self, expression: str) -> Any:
        return self.page.evaluate(expression)

    def waitFor(self, expression: str) -> Any:
        """Wait until an expression is true; the page's policy forbids what Playwright does."""
        script = f"""async () => {{
            const until = Date.now() + {PATIENCE};
            for (;;) {{
                const value = ({expression});
                if (value) return value;
                if (Date.now() > until) return null;
                await new Promise(resolve => setTimeout(resolve, 20));
            }}
        }}"""
        value = self.page.evaluate(script)
        assert value, f"{expression} did not become true; {self.faults}"
        return value

    def titles(self) -> list[str]:
        titles: list[str] = self.evaluate("kamaelia.scene().nodes.map(node => node.title)")
        return titles

    def click(self, title: str) -> None:
        """Click on the middle of a node's title."""
        where = self.evaluate(
            f"""(() => {{
                const node = kamaelia.scene().nodes.find(each => each.title === {title!r});
                const view = kamaelia.viewport.view;
                return [(node.x + 30) * view.scale + view.x, (node.y + 12) * view.scale + view.y];
            }})()"""
        )
        self.page.locator("#picture").click(position={"x": where[0], "y": where[1]})


@contextmanager
def opened(address: str, **options: Any) -> Iterator[Opened]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=pathOf("chromium"), args=OPTIONS, timeout=PATIENCE
        )
        page = browser.new_page(**options)
        page.set_default_timeout(PATIENCE)
        shown = Opened(page)
        page.goto(address)
        shown.waitFor("window.kamaelia && kamaelia.scene().nodes.length")
        yield shown
        browser.close()
