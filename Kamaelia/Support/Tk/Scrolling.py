"""A list with a scroll bar, and a menu that opens such a list.

Example usage
-------------
    menu = ScrollingMenu(root, ["one", "two", "three"], command=lambda index, text: print(text))
    menu.pack()

How does it work?
-----------------
tkinter is imported when a widget is created, as some installations of Python lack it. Both classes
contain widgets of tkinter; other methods, such as pack(), are those of the widget within.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["ScrollingList", "ScrollingMenu"]

HEIGHT = 100  # pixels of the list of a menu


def ignore(*args: object) -> None:
    """Do nothing."""


class ScrollingList:
    """A list with a scroll bar in the widget `master`.

    callback: called with the indexes and the text of the entry that is clicked.
    """

    def __init__(self, master: Any, callback: Callable[..., object] = ignore) -> None:
        from tkinter import Listbox, Scrollbar

        scrollbar = Scrollbar(master, orient="vertical", command=self.yview)
        self.listbox = Listbox(master, yscrollcommand=scrollbar.set)
        self.listbox.bind("<ButtonRelease-1>", self.lbcallback)
        scrollbar.pack(side="right", fill="y")
        self.listbox.pack(side="left", fill="both", expand=True)
        self.cb = callback

    def insert(self, index: int | str, *items: str) -> None:
        """Insert entries before the entry with this index, or at "end"."""
        self.listbox.insert(index, *items)

    def yview(self, *args: Any) -> Any:
        """Scroll, as Listbox.yview does."""
        return self.listbox.yview(*args)

    def lbcallback(self, *args: object) -> None:
        """Call the callback for the entry that is selected, if there is one."""
        selected = self.listbox.curselection()  # type: ignore[no-untyped-call]
        if selected:
            self.cb(selected, self.listbox.get(selected[0]))


class ScrollingMenu:
    """A button in the widget `parent` that opens a list of `items`.

    command: called with the index and the text of the item that is chosen. width: that of the
    button in characters; by default that of the longest item, between minwidth and maxwidth. The
    wheel of the mouse changes the item. Raises ValueError without items.
    """

    def __init__(
        self,
        parent: Any,
        items: Sequence[str],
        command: Callable[[int, str], object] = ignore,
        width: int = 0,
        minwidth: int = 10,
        maxwidth: int = 1000,
    ) -> None:
        from tkinter import Button, Frame, Toplevel

        if not items:
            raise ValueError("a menu needs at least one item")
        self.frame = Frame(parent, relief="raised", borderwidth=2)
        self.items = items
        self.callback = command
        self.SelectedItem = 0
        self.SelectedItemText = items[0]
        width = width or min(max(minwidth, *map(len, items)), maxwidth)
        self.button = Button(self.frame, text=items[0], width=width)
        self.button.pack(side="left")
        self.LB_Container = Toplevel(self.frame)
        self.LB_Container.overrideredirect(True)
        self.list = ScrollingList(self.LB_Container, self.ListboxClicked)
        self.list.insert("end", *items)
        self.button.bind("<1>", self.buttonClicked)
        self.button.bind("<5>", self.scrollDown)
        self.button.bind("<4>", self.scrollUp)
        self.LB_Container.bind("<Escape>", self.hideMenu)
        self.hideMenu()

    def __getattr__(self, name: str) -> Any:
        if name == "frame":  # it does not exist yet
            raise AttributeError(name)
        return getattr(self.frame, name)

    def scrollDown(self, *args: object) -> None:
        """Choose the next item, if there is one."""
        self._choose(min(self.SelectedItem + 1, len(self.items) - 1))

    def scrollUp(self, *args: object) -> None:
        """Choose the item before, if there is one."""
        self._choose(max(self.SelectedItem - 1, 0))

    def _choose(self, index: int) -> None:
        self.itemSelected(index, self.items[index])

    def itemSelected(self, index: int, selection: str) -> None:
        """Show an item on the button, and call the command."""
        self.SelectedItem = index
        self.SelectedItemText = selection
        self.button.configure(text=selection)
        self.callback(index, selection)

    def ListboxClicked(self, index: Sequence[Any], selection: str) -> None:
        """Close the list, and choose the item that was clicked."""
        self.hideMenu()
        self.itemSelected(int(index[0]), selection)

    def hideMenu(self, *args: object) -> None:
        """Close the list."""
        self.LB_Container.withdraw()
        self.DropDownVisible = False

    def buttonClicked(self, *args: object) -> None:
        """Open the list, or close it if it is open."""
        if self.DropDownVisible:
            self.hideMenu()
        else:
            self.showMenu()

    def showMenu(self, *args: object) -> None:
        """Open the list below the button, or above it if there is no room below."""
        top = self.button.winfo_rooty()
        below = top + self.button.winfo_height()
        hasRoom = below + HEIGHT <= self.button.winfo_screenheight() or top < HEIGHT
        y = below if hasRoom else top - HEIGHT
        size = f"{self.button.winfo_width()}x{HEIGHT}"
        self.LB_Container.geometry(f"{size}+{self.button.winfo_rootx()}+{y}")
        self.LB_Container.deiconify()
        self.LB_Container.focus()
        self.DropDownVisible = True
