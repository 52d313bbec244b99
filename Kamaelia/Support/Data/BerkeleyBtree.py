"""The pairs of key and value in a B-tree file of Berkeley DB, without the library.

Example usage::

    with open("/var/lib/postgrey/postgrey.db", "rb") as file:
        for key, value in pairsOf(file):
            ...

How does it work?

Python has no module for these files. Berkeley DB's dbinc/db_page.h defines them, and they have not
changed since version 4.0: pages of one size, the first of which says the size and the byte order.
Each leaf page has an index of its items, which are keys and values in turn. Large items are on
overflow pages. The pages are read in the order of the file, which is not that of the keys.

Nothing is locked, so the program that writes the file must have closed it. Changes that are only
in its log are missing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BufferedIOBase
from typing import NamedTuple

MAGIC = 0x053162  # DB_BTREEMAGIC
META, LEAF, OVERFLOW = 9, 5, 7  # types of pages
KEYDATA, ON_OVERFLOW = 1, 3  # types of items
DELETED = 0x80  # a flag of an item's type
HEAD = 26  # octets of a page before its index
HAS_CHECKSUM = 1
SMALLEST_PAGE, LARGEST_PAGE = 512, 65536
LARGEST_ITEM = 1 << 20  # octets

Pair = tuple[bytes, bytes]


class NotBtree(ValueError):
    """The file is not a B-tree of Berkeley DB, or it is damaged; the message says why."""


class Page(NamedTuple):
    """A page: its octets, and its fields that are used here."""

    octets: bytes
    following: int  # the number of the next page
    entries: int
    offset: int  # of the items, or the length of the data of an overflow page
    kind: int


class Tree(NamedTuple):
    """An open file: its byte order for struct, its size of a page, and its number of pages."""

    file: BufferedIOBase
    order: str
    size: int
    pages: int

    def page(self, number: int) -> Page:
        """Return a page. Raise NotBtree if the file ends before it."""
        self.file.seek(number * self.size)
        octets = self.file.read(self.size)
        if len(octets) < self.size:
            raise NotBtree(f"the file ends within page {number}")
        following, entries, offset, _, kind = struct.unpack_from(f"{self.order}IHHBB", octets, 16)
        return Page(octets, following, entries, offset, kind)


def pairsOf(file: BufferedIOBase) -> Iterator[Pair]:
    """Yield the pairs in a file. Raise NotBtree."""
    tree = treeOf(file)
    for number in range(1, tree.pages):
        page = tree.page(number)
        if page.kind == LEAF:
            yield from _pairsOfLeaf(tree, page)


def treeOf(file: BufferedIOBase) -> Tree:
    """Return the tree in a file, from its first page. Raise NotBtree."""
    file.seek(0)
    first = file.read(72)
    if len(first) < 72:
        raise NotBtree("the file is empty or too short")
    for order in "<", ">":
        magic, _, size, encryption, kind, flags = struct.unpack_from(f"{order}IIIBBB", first, 12)
        if magic == MAGIC and kind == META:
            break
    else:
        raise NotBtree("the file is not a B-tree of Berkeley DB")
    if encryption or flags & HAS_CHECKSUM:
        raise NotBtree("the file is encrypted or has checksums")
    if not SMALLEST_PAGE <= size <= LARGEST_PAGE or size & (size - 1):
        raise NotBtree(f"the pages have {size} octets")
    (last,) = struct.unpack_from(f"{order}I", first, 32)
    return Tree(file, order, size, last + 1)


def _pairsOfLeaf(tree: Tree, page: Page) -> Iterator[Pair]:
    if page.entries % 2 or HEAD + 2 * page.entries > tree.size:
        raise NotBtree(f"a page has an index of {page.entries} items")
    index = struct.unpack_from(f"{tree.order}{page.entries}H", page.octets, HEAD)
    for key, value in zip(index[::2], index[1::2], strict=True):
        ofKey, ofValue = _item(tree, page, key), _item(tree, page, value)
        if ofKey is not None and ofValue is not None:
            yield ofKey, ofValue


def _item(tree: Tree, page: Page, offset: int) -> bytes | None:
    """Return an item, or None if it was deleted."""
    if offset > tree.size - 3:
        raise NotBtree("an item is beyond the end of its page")
    short, kind = struct.unpack_from(f"{tree.order}HB", page.octets, offset)
    if kind & DELETED:
        return None
    if kind == KEYDATA:
        data = page.octets[offset + 3 : offset + 3 + short]
        if len(data) < short:
            raise NotBtree("an item is longer than its page")
        return data
    if kind != ON_OVERFLOW or offset > tree.size - 12:
        raise NotBtree(f"an item has the type {kind}")
    number, length = struct.unpack_from(f"{tree.order}II", page.octets, offset + 4)
    return _overflow(tree, number, length)


def _overflow(tree: Tree, number: int, length: int) -> bytes:
    """Return an item on overflow pages."""
    if length > LARGEST_ITEM:
        raise NotBtree(f"an item has {length} octets")
    data = b""
    while number and len(data) < length:
        page = tree.page(number)
        isWhole = page.offset == min(length - len(data), tree.size - HEAD)
        if page.kind != OVERFLOW or not isWhole:  # all but the last are full
            raise NotBtree(f"page {number} does not continue an item")
        data += page.octets[HEAD : HEAD + page.offset]
        number = page.following
    if len(data) != length:
        raise NotBtree(f"an item has {len(data)} octets instead of {length}")
    return data
