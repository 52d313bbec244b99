"""B-tree files of Berkeley DB, written by its own library, whole and damaged."""

import io
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from Kamaelia.Support.Data.BerkeleyBtree import NotBtree, pairsOf, treeOf

# postgrey needs BerkeleyDB for Perl, so a machine that has postgrey has the library.
WRITE = r"""
use BerkeleyDB;
my $db = new BerkeleyDB::Btree -Filename => $ARGV[0], -Flags => DB_CREATE, -Pagesize => $ARGV[1]
  or die;
while (<STDIN>) { chomp; my ($key, $value) = map { pack 'H*', $_ } split /:/, $_, 2;
  length $value or $value = ''; $db->db_put($key, $value) and die $! }
for (my $i = 0; $i < $ARGV[2]; $i++) { $db->db_del("key $i") and die }
"""

Write = Callable[..., Path]


@pytest.fixture
def write(needs: Callable[[str], str], tmp_path: Path) -> Write:
    """write(pairs, pageSize, deleted) -> the path of a database."""
    needs("postgrey")

    def run(pairs: dict[bytes, bytes], pageSize: int = 4096, deleted: int = 0) -> Path:
        path = tmp_path / "test.db"
        lines = [f"{key.hex()}:{value.hex()}\n" for key, value in pairs.items()]
        words = ["perl", "-e", WRITE, str(path), str(pageSize), str(deleted)]
        subprocess.run(words, input="".join(lines), text=True, check=True)
        return path

    return run


def contentOf(path: Path) -> dict[bytes, bytes]:
    with path.open("rb") as file:
        pairs = list(pairsOf(file))
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


@pytest.mark.parametrize("pageSize", [512, 4096, 65536])
@pytest.mark.parametrize("number", [0, 1, 3000])
def test_all_pairs_are_read(write: Write, pageSize: int, number: int) -> None:
    pairs = {f"key {i}".encode(): b"v" * (i % 90) for i in range(number)}
    assert contentOf(write(pairs, pageSize)) == pairs


def test_large_keys_and_values_are_read_from_their_overflow_pages(write: Write) -> None:
    pairs = {b"k" * 3000 + b"%d" % i: bytes([i]) * (i * 1000) for i in range(1, 20)}
    assert contentOf(write(pairs, 512)) == pairs


def test_deleted_pairs_are_not_read(write: Write) -> None:
    pairs = {f"key {i}".encode(): b"value" for i in range(2000)}
    found = contentOf(write(pairs, 512, 1500))
    assert found == {f"key {i}".encode(): b"value" for i in range(1500, 2000)}


def test_the_other_byte_order_is_read() -> None:
    head = struct.pack(">8xIIIIBBBx", 0, 0x053162, 9, 512, 0, 9, 0) + struct.pack(">II", 0, 1)
    items = struct.pack(">HB", 3, 1) + b"key" + struct.pack(">HB", 5, 1) + b"value"
    leaf = struct.pack(">8xIIIHHBB", 1, 0, 0, 2, 400, 1, 5) + struct.pack(">HH", 400, 406)
    pages = head.ljust(512, b"\0") + leaf.ljust(400, b"\0") + items.ljust(112, b"\0")
    assert list(pairsOf(io.BytesIO(pages))) == [(b"key", b"value")]


def test_an_item_on_pages_with_one_octet_each_is_damaged() -> None:
    """Otherwise a page that follows itself would give an item of 1 MiB octet by octet."""
    head = struct.pack("<8xIIIIBBBx", 0, 0x053162, 9, 512, 0, 9, 0) + struct.pack("<II", 0, 2)
    leaf = struct.pack("<8xIIIHHBB", 1, 0, 0, 2, 400, 1, 5) + struct.pack("<HH", 400, 400)
    item = struct.pack("<HBxII", 0, 3, 2, 1 << 20)
    overflow = struct.pack("<8xIIIHHBB", 2, 0, 2, 1, 1, 0, 7) + b"x"
    pages = head.ljust(512, b"\0") + leaf.ljust(400, b"\0") + item.ljust(112, b"\0")
    with pytest.raises(NotBtree, match="page 2 does not continue an item"):
        list(pairsOf(io.BytesIO(pages + overflow.ljust(512, b"\0"))))


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "empty or too short"),
        (b"SQLite format 3\0" + b"\0" * 100, "is not a B-tree"),
        (struct.pack("<8xIIIIBBB", 0, 0x053162, 9, 4096, 1, 9, 0).ljust(99, b"\0"), "encrypted"),
        (struct.pack("<8xIIIIBBB", 0, 0x053162, 9, 4097, 0, 9, 0).ljust(99, b"\0"), "4097 octets"),
    ],
)
def test_other_files_are_refused_with_the_reason(octets: bytes, reason: str) -> None:
    with pytest.raises(NotBtree, match=reason):
        treeOf(io.BytesIO(octets))


def test_a_file_that_was_cut_off_is_refused(write: Write) -> None:
    octets = write({f"key {i}".encode(): b"v" for i in range(500)}, 512).read_bytes()
    with pytest.raises(NotBtree, match="the file ends within page"):
        list(pairsOf(io.BytesIO(octets[:-1])))


SAMPLE: list[bytes] = []


@pytest.fixture
def sample(write: Write) -> bytes:
    """A file with leaves and overflow pages."""
    if not SAMPLE:
        pairs = {b"k%d" % i: b"v" * (i * 40) for i in range(60)}
        SAMPLE.append(write(pairs, 512).read_bytes())
    return SAMPLE[0]


def test_a_damaged_file_is_read_in_part_or_refused_but_nothing_else(sample: bytes) -> None:
    @settings(max_examples=300, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, len(sample) - 1), st.integers(0, 255)), max_size=20))
    def check(changes: list[tuple[int, int]]) -> None:
        octets = bytearray(sample)
        for place, value in changes:
            octets[place] = value
        try:
            for key, value in pairsOf(io.BytesIO(bytes(octets))):
                assert isinstance(key, bytes)
                assert isinstance(value, bytes)
        except NotBtree:
            """The message says why."""

    check()
