"""The databases that Debian's postgrey has written are imported, and decide as postgrey did."""

import os
import pwd
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from Kamaelia.Apps.Grey.Stores import StoreFailed
from Kamaelia.Apps.Grey.Transfer.Postgrey import clientsOf, triplesOf, wordsOf
from Kamaelia.Apps.Grey.Transfer.Tally import Tally
from Kamaelia.Support.Greylist.Rules import Record, Regular, Triple
from Tests.Kamaelia.Apps.Grey.Transfer.conftest import Imported
from Tests.Kamaelia.Apps.Grey.Transfer.delegated import OtherService

NOW = 1_700_000_000
HOUR = 3600

MAILS = [  # client, sender, recipient, the times of the attempts
    ("192.0.2.7", "ann@b.example", "c@d.example", [NOW, NOW + 400]),
    ("192.0.2.7", "ann@b.example", "e@d.example", [NOW]),
    ("192.0.2.7", "", "c@d.example", [NOW, NOW + 10]),
    ("192.0.2.7", "root", "c@d.example", [NOW]),
    ("192.0.2.7", "list-7-bounce+x@b.example", "c@d.example", [NOW]),
    ("192.0.2.7", "/c=us/o=x/@b.example", "a/b@d.example", [NOW]),
    ("2001:db8:1:2::3", "ann@b.example", "c@d.example", [NOW, NOW + 500, NOW + 9000]),
    *(
        ("198.51.100.1", f"s@{number}.example", "c@d.example", [NOW + number * 2 * HOUR, None])
        for number in range(6)
    ),
]


@pytest.fixture
def folder(needs: Callable[[str], str]) -> Iterator[Path]:
    """The databases of a postgrey that has decided about MAILS, and has ended."""
    program = needs("postgrey")
    if os.getuid() != 0:
        pytest.skip("postgrey changes to its own user, which needs root")
    # Not tmp_path: postgrey's user may not enter it.
    with tempfile.TemporaryDirectory(prefix="postgrey") as name:
        os.chown(name, pwd.getpwnam("postgrey").pw_uid, -1)
        where = Path(name)
        words = [program, f"--unix={where}/policy", f"--dbdir={where}", "--quiet"]
        with OtherService(where / "policy", *words) as service:
            for client, sender, recipient, times in MAILS:
                for index, time in enumerate(times):
                    now = times[index - 1] + HOUR if time is None else time
                    service.ask(client, sender, recipient, policy_test_time=now)
        yield where


CONFIGURATION = """
[policy]
addresses = ["127.0.0.1:0"]
[greylist]
min_defer_time = "5m"
too_soon = "0s"
max_defer_time = "2d"
client_passes = 5
network_v4 = 24
network_v6 = 64
fold_senders = true
[store]
url = "{store}"
"""


def test_triples_and_clients_are_imported_with_their_times(
    folder: Path, imported: Callable[[str, Path, str], Imported]
) -> None:
    said, known, regulars = imported("--postgrey", folder, CONFIGURATION)
    assert said == "15 records were imported, 0 were damaged.\n"
    net, net6 = "192.0.2.0/24", "2001:db8:1:2::/64"
    assert known == {
        Triple(net, "ann@b.example", "c@d.example"): Record(NOW, NOW + 400, 1),
        Triple(net, "ann@b.example", "e@d.example"): Record(NOW),
        Triple(net, "<>", "c@d.example"): Record(NOW),
        Triple(net, "root@invalid", "c@d.example"): Record(NOW),
        Triple(net, "list-#-bounce@b.example", "c@d.example"): Record(NOW),
        Triple(net, "/c=us/o=x/@b.example", "a/b@d.example"): Record(NOW),
        Triple(net6, "ann@b.example", "c@d.example"): Record(NOW, NOW + 9000, 1),
        **{
            Triple("198.51.100.0/24", f"s@{number}.example", "c@d.example"): Record(
                NOW + number * 2 * HOUR, NOW + (number * 2 + 1) * HOUR, 1
            )
            for number in range(5)
        },
    }
    assert regulars == {
        "192.0.2.0/24": Regular(1, NOW + 400),
        net6: Regular(1, NOW + 500),
        "198.51.100.0/24": Regular(7, NOW + 11 * HOUR),
    }


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("192.0.2.0/a@b/c@d", ("192.0.2.0", "a@b", "c@d")),
        ("192.0.2.0//c@d", ("192.0.2.0", "", "c@d")),
        ("192.0.2.0//c=x/@b/c@d", ("192.0.2.0", "/c=x/@b", "c@d")),
        ("192.0.2.0/root/c@d", ("192.0.2.0", "root", "c@d")),
        ("192.0.2.0/a@b/postmaster", ("192.0.2.0", "a@b", "postmaster")),
        ("192.0.2.0/a@b/c/d@e", ("192.0.2.0", "a@b", "c/d@e")),
    ],
)
def test_a_key_is_divided_where_a_domain_ends(key: str, words: tuple[str, str, str]) -> None:
    assert wordsOf(key) == words


@pytest.mark.parametrize("key", ["", "192.0.2.0", "192.0.2.0/", "192.0.2.0/a@b", "0f" * 20, "a/b/"])
def test_a_key_without_three_parts_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="not a key of postgrey"):
        wordsOf(key)


def test_a_file_of_another_kind_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "postgrey.db").write_bytes(b"?" * 4096)
    with pytest.raises(StoreFailed, match=r"postgrey\.db cannot be read: .*; stop postgrey first"):
        list(triplesOf(tmp_path, Triple, 300.0, Tally()))


def test_without_counted_clients_there_are_none(tmp_path: Path) -> None:
    assert list(clientsOf(tmp_path, str, Tally())) == []


@pytest.mark.parametrize(
    "value", [b"1e300,5", b"5,1e300", b"nan,5", b"5,inf", b"-1,5", b"5", b"", b"\xff,5"]
)
def test_a_number_that_no_store_can_keep_is_damaged(tmp_path: Path, value: bytes) -> None:
    for name, key in (("postgrey.db", b"192.0.2.7/a@b/c@d"), ("postgrey_clients.db", b"192.0.2.7")):
        (tmp_path / name).write_bytes(databaseOf(key, value))
    tally = Tally()
    assert not list(triplesOf(tmp_path, Triple, 300.0, tally))
    assert not list(clientsOf(tmp_path, str, tally))
    assert (tally.read, tally.damaged) == (0, 2)


def databaseOf(key: bytes, value: bytes) -> bytes:
    """Return a B-tree file with one pair."""
    head = struct.pack("<8xIIIIBBBx", 0, 0x053162, 9, 512, 0, 9, 0) + struct.pack("<II", 0, 1)
    items = b"".join(struct.pack("<HB", len(each), 1) + each for each in (key, value))
    places = struct.pack("<HH", 400, 403 + len(key))
    leaf = struct.pack("<8xIIIHHBB", 1, 0, 0, 2, 400, 1, 5) + places
    return head.ljust(512, b"\0") + leaf.ljust(400, b"\0") + items.ljust(112, b"\0")
