"""A list and a menu of Tk, on a display without a screen."""

import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from Kamaelia.Support.Tk.Scrolling import ScrollingList, ScrollingMenu

tkinter = pytest.importorskip("tkinter")

PATIENCE = 20.0
ITEMS = ["one", "two", "three and more"]


@pytest.fixture(scope="module")
def display(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the name of a display. Xvfb chooses the number and reports it."""
    from Tests.conftest import pathOf

    command = [pathOf("Xvfb"), "-displayfd", "1", "-screen", "0", "640x480x8", "-nolisten", "tcp"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        yield f":{process.stdout.readline().strip()}"
        process.terminate()


@pytest.fixture
def root(display: str) -> Iterator[Any]:
    """Return a window."""
    window = tkinter.Tk(screenName=display)
    yield window
    window.destroy()


Menu = Callable[..., tuple[ScrollingMenu, list[tuple[int, str]]]]


@pytest.fixture
def menu(root: Any) -> Menu:
    """Return menu(**settings), which returns a menu and the list of what is chosen in it."""

    def make(**settings: Any) -> tuple[ScrollingMenu, list[tuple[int, str]]]:
        chosen: list[tuple[int, str]] = []
        made = ScrollingMenu(root, ITEMS, lambda *each: chosen.append(each), **settings)
        made.pack()
        root.update()
        return made, chosen

    return make


def test_a_click_in_the_list_calls_the_callback(root: Any) -> None:
    clicked: list[Any] = []
    made = ScrollingList(root, lambda *each: clicked.append(each))
    made.insert("end", *ITEMS)
    root.update()
    made.listbox.event_generate("<ButtonRelease-1>")
    assert clicked == []  # nothing is selected
    made.listbox.selection_set(1)
    made.listbox.event_generate("<ButtonRelease-1>")
    assert clicked == [((1,), "two")]


def test_the_list_scrolls(root: Any) -> None:
    made = ScrollingList(root)
    made.insert("end", *(str(number) for number in range(100)))
    root.update()
    made.yview("moveto", 0.5)
    assert made.yview()[0] == pytest.approx(0.5)


def test_an_item_of_the_menu_is_chosen_in_its_list(menu: Menu) -> None:
    made, chosen = menu()
    assert not made.DropDownVisible
    made.button.event_generate("<1>")
    assert made.DropDownVisible
    made.list.listbox.selection_set(2)
    made.list.lbcallback()
    assert not made.DropDownVisible
    assert chosen == [(2, "three and more")]
    assert (made.SelectedItem, made.SelectedItemText) == (2, "three and more")
    assert made.button["text"] == "three and more"


def test_a_second_click_on_the_button_closes_the_list(menu: Menu) -> None:
    made, chosen = menu()
    made.buttonClicked()
    made.buttonClicked()
    assert not made.DropDownVisible
    assert chosen == []


def test_the_wheel_changes_the_item_and_stops_at_the_ends(menu: Menu) -> None:
    made, chosen = menu()
    for event in ("<4>", "<5>", "<5>", "<5>", "<4>"):
        made.button.event_generate(event)
    assert [index for index, _ in chosen] == [0, 1, 2, 2, 1]


@pytest.mark.parametrize(
    ("settings", "width"),
    [({}, 14), ({"minwidth": 20}, 20), ({"maxwidth": 5, "minwidth": 1}, 5), ({"width": 3}, 3)],
)
def test_the_width_is_that_of_the_longest_item_within_limits(
    menu: Menu, settings: dict[str, int], width: int
) -> None:
    made, _ = menu(**settings)
    assert made.button["width"] == width


def test_a_menu_near_the_bottom_of_the_screen_opens_upwards(menu: Menu, root: Any) -> None:
    made, _ = menu()
    root.geometry("+10+440")
    root.update()
    made.showMenu()
    root.update()
    assert made.LB_Container.winfo_rooty() < made.button.winfo_rooty()


def test_a_menu_without_items_is_an_error(root: Any) -> None:
    with pytest.raises(ValueError, match="at least one item"):
        ScrollingMenu(root, [])
