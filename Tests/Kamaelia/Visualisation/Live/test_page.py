"""The live page in a real browser, beside a real system."""

import re
import threading

import pytest

from Axon.Component import component
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Pipeline import Pipeline
from Tests.Kamaelia.Visualisation.Live.browser import opened
from Tests.Kamaelia.Visualisation.Live.conftest import Forever

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(180)]


class Fast(component):
    def main(self):
        while True:
            self.send("x")
            yield 1


class Reads(component):
    def main(self):
        while True:
            yield from self.waitForMessage()
            for _ in self.Inbox():
                """Discard it."""


def test_the_page_shows_the_system_and_asks_no_other_server_for_anything(watched):
    system = Graphline(
        READER=Forever(),
        WRITER=Forever(),
        linkages={("READER", "outbox"): ("WRITER", "inbox")},
    )

    def client(address):
        with opened(address) as shown:
            return shown.titles(), shown.requests, shown.faults, shown.page.url

    titles, requests, faults, url = watched(client, system)
    assert sorted(titles) == ["Forever", "Graphline", "READER", "WRITER"]
    assert all(each.split("://")[1].startswith("127.0.0.1:") for each in requests)
    assert faults == []
    assert "token" not in url


def test_the_bar_of_a_stalled_consumer_is_red_and_a_line_shows_what_it_holds(watched):
    system = Pipeline(Fast(), Forever(), capacity=50)
    colours = """(() => {
        const { scene, viewport } = kamaelia;
        const [fast] = scene().nodes.filter(node => node.title === "Fast");
        const full = scene().nodes.find(node => node.inside.some(each => each.depths[0] === 50)
            && !node.isOpen);
        const canvas = document.getElementById("picture");
        const at = (x, y) => {
            const { scale, x: left, y: top } = viewport.view;
            const place = [x * scale + left, y * scale + top].map(each => each * devicePixelRatio);
            return [...canvas.getContext("2d").getImageData(...place, 1, 1).data];
        };
        const port = full.inPorts[0];
        const bar = at(full.x + 12, full.y + port.y + 7);
        const outline = at(fast.x + fast.w / 2, fast.y);
        const [x, y] = [fast.x + fast.w, fast.y + 8];
        const isRed = ([red, green, blue]) => red > 180 && green < 120 && blue < 120;
        const end = full.y + port.y;
        const curve = (t, [a, b, c, d]) =>
            (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t * t * c + t ** 3 * d;
        let onLine = 0; // of the places in the upper half of the dashed line, which bends upwards
        for (let t = 0; t <= 0.5; t += 0.005) {
            const place = [[x, x + 40, full.x - 40, full.x], [y, y - 24, end - 24, end]];
            onLine += isRed(at(...place.map(each => curve(t, each))));
        }
        return [isRed(bar), isRed(outline), onLine];
    })()"""

    def client(address):
        with opened(address, viewport={"width": 1280, "height": 800}) as shown:
            shown.waitFor("[...kamaelia.model.components.values()].some(c => c.state === 'held')")
            shown.waitFor("summary.textContent.includes('held')")
            return shown.evaluate(colours), shown.evaluate("summary.textContent")

    (isBarRed, isOutlineRed, onLine), summary = watched(client, system)
    assert isBarRed
    assert isOutlineRed
    assert onLine > 30
    assert "1 held" in summary


def test_what_is_not_linked_is_drawn_below_what_is(watched):
    class Alone(Forever):
        pass

    class Linked(Forever):
        pass

    alone, first, second = Alone(), Linked(), Linked()
    first.link((first, "outbox"), (second, "inbox"))
    bottoms = "kamaelia.scene().nodes.map(node => [node.title, node.y, node.y + node.h])"

    def client(address):
        with opened(address) as shown:
            watched.inSystem(lambda: [each.activate() for each in (first, second)])
            shown.waitFor("kamaelia.scene().nodes.length === 4")
            return shown.evaluate(bottoms)

    places = watched(client, alone)
    top = next(y for title, y, _ in places if title == "Alone")
    assert all(bottom < top for title, _, bottom in places if title == "Linked")


def test_a_component_appears_and_vanishes_while_the_page_is_open(watched):
    late = Forever()

    def client(address):
        with opened(address) as shown:
            before = shown.titles()
            watched.inSystem(late.activate)
            shown.waitFor("kamaelia.scene().nodes.length === 2")
            watched.inSystem(late.terminate)
            shown.waitFor("kamaelia.scene().nodes.length === 1")
            return before

    assert watched(client) == ["Forever"]


def test_components_that_no_picture_shows_are_counted(watched):
    class Brief(component):
        def main(self):
            yield from self.waitForChange(0.001)

    class Source(component):
        def main(self):
            while True:
                Brief().activate()
                yield from self.waitForChange(0.003)

    def client(address):
        with opened(address) as shown:
            return shown.waitFor("brief.textContent"), shown.titles(), shown.faults

    text, titles, faults = watched(client, Source())
    assert re.fullmatch(r"\+\d+ Brief in the last second", text)
    assert len(titles) < 30
    assert faults == []


class Hostile:
    """A message of which no code may run."""

    def __repr__(self):
        raise ValueError("no")

    __str__ = __len__ = __getattr__ = __repr__


class Blocking:
    def __repr__(self):
        threading.Event().wait()

    __str__ = __getattr__ = __repr__


def test_messages_without_a_text_are_shown_and_stop_nothing(watched):
    class Source(component):
        def main(self):
            huge = bytes(1 << 30)  # the system provides no memory for it
            while True:
                for each in (Hostile(), Blocking(), huge, "<script>alert(1)</script>", "\u202eabc"):
                    self.send(each)
                yield from self.waitForChange(0.02)

    def client(address):
        with opened(address) as shown:
            shown.click("Source")
            shown.page.locator("#details li").nth(4).wait_for()
            return shown.page.locator("#details").inner_text(), shown.faults

    text, faults = watched(client, Pipeline(Source(), Reads()))
    assert {"Hostile()", "Blocking()", "'<script>alert(1)</script>'"} <= set(text.splitlines())
    assert "(1073741824 items)" in text
    assert faults == []


NAMES = [
    "<script>document.title='broken'</script>",
    "<img src=x onerror=\"document.title='broken'\">",
    "'\"&amp;\\",
    "x" * 10_000,
    "שלום عالم",
    "\u202egnorw",
    "😀" * 50,
    "\0\n\t",
]


def test_names_are_only_text(watched):
    parts = {name: Forever() for name in NAMES}
    system = Graphline(**parts, linkages={("self", "inbox"): (NAMES[0], "inbox")})

    def client(address):
        with opened(address) as shown:
            shown.page.keyboard.press("l")
            listed = shown.page.locator("#list").inner_text()
            shown.page.locator("#list button", has_text="broken").first.click()
            shown.page.locator("#details h2").wait_for()
            return shown.titles(), listed, shown.page.title(), shown.faults

    titles, listed, title, faults = watched(client, system)
    assert {each[:200] for each in NAMES} <= set(titles)
    assert NAMES[0] in listed
    assert title == "Kamaelia"
    assert faults == []


def test_it_is_operated_with_the_keyboard(watched):
    system = Pipeline(Fast(), Forever(), capacity=5)

    def client(address):
        with opened(address) as shown:
            press = shown.page.keyboard.press
            shown.page.locator("#picture").focus()
            press("ArrowRight")
            shown.page.locator("#details h2").wait_for()
            first = shown.page.locator("#details h2").inner_text()
            press("p")
            shown.waitFor("kamaelia.model.isPaused")
            press("p")
            shown.waitFor("!kamaelia.model.isPaused")
            press("l")
            shown.page.locator("#list li").first.wait_for()
            press("l")
            press("/")
            shown.page.keyboard.type("fast")
            press("Enter")
            shown.waitFor(
                "details.innerText.startsWith('Close\\n\\nFast') || "
                "document.querySelector('#details h2').innerText === 'Fast'"
            )
            press("Escape")
            shown.page.locator("#picture").focus()
            press("Escape")
            return first, shown.page.locator("#details").is_hidden(), shown.faults

    first, isHidden, faults = watched(client, system)
    assert first
    assert isHidden
    assert faults == []


def test_a_chassis_is_closed_and_opened(watched):
    system = Pipeline(Forever(), Forever())

    def client(address):
        with opened(address) as shown:
            shown.click("Pipeline")
            shown.page.locator("#details h2").wait_for()
            shown.page.locator("#picture").focus()
            shown.page.keyboard.press("Enter")
            shown.waitFor("kamaelia.scene().nodes.length === 2")
            closed = shown.evaluate("kamaelia.scene().nodes.map(node => node.subtitle)")
            shown.page.keyboard.press("Enter")
            shown.waitFor("kamaelia.scene().nodes.length === 4")
            return closed

    assert "2 components" in watched(client, system)


def test_equal_siblings_are_a_stack(watched):
    systems = [Pipeline(Forever(), Forever()) for _ in range(120)]

    def client(address):
        with opened(address) as shown:
            return shown.titles()

    assert sorted(watched(client, *systems)) == ["Forever", "Pipeline \u00d7 120"]


@pytest.mark.parametrize("count", [500, 5000])
def test_a_large_system_has_a_picture(watched, count):
    kinds = [type(f"Kind{number}", (Forever,), {}) for number in range(40)]
    systems = [Pipeline(Forever(), kinds[number % 40]()) for number in range(count // 3)]

    def client(address):
        with opened(address) as shown:
            shown.waitFor(f"kamaelia.model.components.size > {count - 10}")
            nodes = shown.evaluate("kamaelia.scene().nodes.length")
            return nodes, shown.faults

    nodes, faults = watched(client, *systems)
    assert 2 <= nodes < 250
    assert faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800, 1280])
def test_the_page_fits_each_window(watched, width, scheme):
    system = Pipeline(Fast(), Forever(), Forever(), capacity=50)

    def client(address):
        size = {"width": width, "height": 640}
        with opened(address, viewport=size, color_scheme=scheme) as shown:
            shown.click("Fast") if width > 360 else shown.page.keyboard.press("ArrowRight")
            shown.page.locator("#details h2").wait_for()
            outside = """[...document.querySelectorAll("header *, footer *, #details *")]
                .filter(each => each.getBoundingClientRect().right > innerWidth + 1).length"""
            back = "getComputedStyle(document.body).backgroundColor"
            whole = "document.documentElement.scrollWidth"
            return [shown.evaluate(each) for each in (whole, outside, back)]

    whole, outside, back = watched(client, system)
    assert whole == width
    assert outside == 0
    assert (back == "rgb(255, 255, 255)") is (scheme == "light")


@pytest.mark.parametrize("width", [360, 1280])
def test_a_component_stays_visible_when_the_panel_opens_beside_it(watched, width):
    systems = [Pipeline(Fast(), Forever(), capacity=50) for _ in range(3)]
    inside = """(() => {
        const node = kamaelia.scene().nodes.find(each => each.title === "Fast");
        const { scale, x, y } = kamaelia.viewport.view;
        const canvas = document.getElementById("picture");
        const [left, top] = [node.x * scale + x, node.y * scale + y];
        return left >= 0 && top >= 0 && left + node.w * scale <= canvas.clientWidth
            && top + node.h * scale <= canvas.clientHeight
            && canvas.getBoundingClientRect().bottom <= innerHeight;
    })()"""

    def client(address):
        with opened(address, viewport={"width": width, "height": 640}) as shown:
            shown.page.locator("#search").fill("Fast")
            shown.page.keyboard.press("Enter")
            shown.page.locator("#details h2").wait_for()
            return shown.waitFor(inside)

    assert watched(client, *systems)


def test_reduced_motion_is_respected(watched):
    class Slow(component):
        def main(self):
            while True:
                self.send("x")
                yield from self.waitForChange(0.02)

    def client(address):
        seen = []
        for motion in ("reduce", "no-preference"):
            with opened(address, reduced_motion=motion) as shown:
                shown.waitFor("kamaelia.traffic.linkRates.size > 0")
                moving = "kamaelia.traffic.isMoving()"
                if motion == "no-preference":
                    shown.waitFor(moving)
                seen.append(shown.evaluate(moving))
        return seen

    assert watched(client, Pipeline(Slow(), Fast())) == [False, True]


def test_the_messages_of_a_selected_component_are_shown(watched):
    class Slow(component):
        def main(self):
            number = 0
            while True:
                self.send({"number": number, "password": "s3cret"})
                number += 1
                yield from self.waitForChange(0.02)

    def client(address):
        with opened(address) as shown:
            shown.click("Slow")
            shown.page.locator("#details li").first.wait_for()
            shown.page.locator("#record").click()
            shown.page.locator("textarea").wait_for()
            grows = """(window.first ??= document.querySelector("textarea")).value.length
                > (window.before ??= window.first.value.length) && window.first.isConnected"""
            assert shown.waitFor(grows)  # in place, so that it can be read and scrolled
            return shown.page.locator("#details").inner_text(), shown.evaluate(
                "document.querySelector('textarea').value"
            )

    text, recording = watched(client, Pipeline(Slow(), Fast()))
    assert "'password': <left out>" in text
    assert "s3cret" not in text + recording
    assert recording.startswith("sequenceDiagram\n    participant")


def test_an_error_is_shown_with_its_traceback(watched):
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
        with opened(address) as shown:
            watched.inSystem(faulty.activate)
            shown.page.locator("#errors").click()
            shown.page.locator("#details summary").click()
            return shown.page.locator("#details pre").inner_text()

    assert "ValueError: the mistake" in watched(client, parent)


def test_the_page_tells_that_the_system_has_ended(watched):
    def client(address):
        with opened(address) as shown:
            watched.inSystem(watched.end)
            shown.waitFor("notice.textContent.includes('has ended')")
            return True

    assert watched(client)
