"""The database that Debian's sqlgrey has written is imported."""

import contextlib
import os
import pwd
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Stores import StoreFailed
from Kamaelia.Apps.Grey.Transfer.Sqlgrey import Sqlgrey, addressIn, addressOfSender, timeOf
from Kamaelia.Apps.Grey.Transfer.Tally import Tally
from Kamaelia.Support.Greylist.Keys import senderKey
from Kamaelia.Support.Greylist.Rules import Triple
from Kamaelia.Support.Protocol.PolicyDelegation import RequestReader, requestOf
from Tests.Kamaelia.Apps.Grey.Transfer.conftest import Imported
from Tests.Kamaelia.Apps.Grey.Transfer.delegated import OtherService

SETTINGS = """
conf_dir = {folder}
unix = {folder}/policy
pidfile = {folder}/pid
db_type = SQLite
db_name = {folder}/sqlgrey.db
admin_mail =
reconnect_delay = 0
greymethod = {method}
"""
CONFIGURATION = """
[policy]
addresses = ["127.0.0.1:0"]
[greylist]
client_passes = 3
network_v4 = 24
network_v6 = 64
[store]
url = "{store}"
"""


MAILS = [  # client, sender, and whether it retries
    ("192.0.2.7", "ann@b.example", False),
    ("192.0.2.7", "", False),
    ("192.0.2.7", "root", False),
    ("192.0.2.7", "bob@e.example", True),
    ("198.51.100.1", "ann@b.example", True),
    ("198.51.100.1", "bob@b.example", True),
    ("198.51.100.1", "cid@b.example", True),
    ("2001:db8:1:2::3", "ann@b.example", False),
    ("2001:db8:1:2::3", "bob@b.example", True),
]


@pytest.fixture(params=["full", "classc"])
def database(request: pytest.FixtureRequest, needs: Callable[[str], str]) -> Iterator[Path]:
    """The database of a sqlgrey that has decided about some mails, and has ended."""
    program = needs("sqlgrey")
    if os.getuid() != 0:
        pytest.skip("sqlgrey changes to its own user, which needs root")
    with tempfile.TemporaryDirectory(prefix="sqlgrey") as name:
        os.chown(name, pwd.getpwnam("sqlgrey").pw_uid, -1)
        where = Path(name)
        for each in Path("/etc/sqlgrey").iterdir():
            shutil.copy(each, where)
        settings = SETTINGS.format(folder=where, method=request.param)
        (where / "sqlgrey.conf").write_text(settings)
        with OtherService(where / "policy", program, "-f", where / "sqlgrey.conf") as service:
            for client, sender, _ in MAILS:
                service.ask(client, sender, "c@d.example")
            with contextlib.closing(sqlite3.connect(where / "sqlgrey.db")) as sql, sql:
                sql.execute("UPDATE connect SET first_seen = first_seen - 60")
            for client, sender, isRetried in MAILS:
                if isRetried:
                    service.ask(client, sender, "c@d.example")
        yield where / "sqlgrey.db"


def test_waiting_triples_and_known_clients_are_imported(
    database: Path, imported: Callable[[str, Path, str], Imported]
) -> None:
    said, known, regulars = imported("--sqlgrey", database, CONFIGURATION)
    assert said == "7 records were imported, 0 were damaged.\n"
    net, net6 = "192.0.2.0/24", "2001:db8:1:2::/64"
    assert set(known) == {
        Triple(net, "ann@b.example", "c@d.example"),
        Triple(net, "<>", "c@d.example"),
        Triple(net, "root@invalid", "c@d.example"),
        Triple(net6, "ann@b.example", "c@d.example"),
    }
    assert {record.passed for record in known.values()} == {None}
    assert {client: regular.passes for client, regular in regulars.items()} == {
        net: 1,
        "198.51.100.0/24": 3,  # sqlgrey knows the whole domain
        net6: 1,
    }


@pytest.mark.parametrize(
    ("src", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2", "192.0.2.0"),
        ("2001:0db8:0001:0002", "2001:0db8:0001:0002::"),
        ("2001:db8::1", "2001:db8::1"),
        ("2001:0db8:0001:0002:0000:0000:0000:0003", "2001:0db8:0001:0002:0000:0000:0000:0003"),
    ],
)
def test_an_address_without_its_last_part_is_a_network(src: str, address: str) -> None:
    assert addressIn(src) == address


@pytest.mark.parametrize(
    ("parts", "sender"),
    [(("a", "b"), "a@b"), (("-undef-", "-undef-"), ""), (("root", "-undef-"), "root")],
)
def test_a_sender_may_have_no_domain(parts: tuple[str, str], sender: str) -> None:
    assert addressOfSender(*parts) == sender


def test_a_time_is_seconds_or_text() -> None:
    assert timeOf(5) == 5.0
    assert timeOf("1970-01-02 00:00:00+00:00") == 86400.0


def test_rows_without_an_address_or_a_time_are_damaged(tmp_path: Path) -> None:
    rows: list[tuple[Any, ...]] = [
        ("a", "b.example", "192.0.2.7", "c@d.example", 5),
        ("a", "b.example", "host", "c@d.example", 5),
        ("a", "b.example", "192.0.2.7", "c@d.example", "soon"),
        ("a", "b.example", "192.0.2.7", "c@d.example", None),
        ("a", "b.example", "192.0.2.7", "c@d.example", -5),
        ("a", "b.example", "192.0.2.7", "c@d.example", 1e300),
        ("a", "b.example", "192.0.2.7", "c@d.example", "0001-01-01 00:00:00"),
    ]
    file = tmp_path / "sqlgrey.db"
    with contextlib.closing(sqlite3.connect(file)) as sql, sql:
        sql.execute("CREATE TABLE connect (sender_name, sender_domain, src, rcpt, first_seen)")
        sql.executemany("INSERT INTO connect VALUES (?, ?, ?, ?, ?)", rows)
    tally = Tally()

    def rename(client: str, sender: str, recipient: str) -> Triple:
        if client == "host":
            raise ValueError(client)
        return Triple(client, sender, recipient)

    assert len(list(Sqlgrey(file, tally).triples(rename))) == 1
    assert (tally.read, tally.damaged) == (1, 6)


def test_a_sender_that_is_not_utf8_has_the_key_that_the_policy_service_gives_it(
    tmp_path: Path, imported: Callable[[str, Path, str], Imported]
) -> None:
    file = tmp_path / "sqlgrey.db"
    with contextlib.closing(sqlite3.connect(file)) as sql, sql:
        sql.execute("CREATE TABLE connect (sender_name, sender_domain, src, rcpt, first_seen)")
        sql.execute("CREATE TABLE from_awl (src, last_seen)")
        sql.execute("CREATE TABLE domain_awl (src, last_seen)")
        for name in ("x'66FC72'", "'after'"):
            sql.execute(
                f"INSERT INTO connect VALUES (CAST({name} AS TEXT), 'b.example', '192.0.2.7',"
                " 'c@d.example', 5)"
            )
    said, known, _ = imported("--sqlgrey", file, CONFIGURATION)
    assert said == "2 records were imported, 0 were damaged.\n"
    asked = b"request=smtpd_access_policy\nclient_address=192.0.2.7\nsender=f\xfcr@b.example\n\n"
    reader = RequestReader()
    reader.feed(asked)
    request = requestOf(reader.nextRequest() or {})
    assert {triple.sender for triple in known} == {senderKey(request.sender), "after@b.example"}


@pytest.mark.parametrize("content", [None, b"", b"?" * 4096])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "no.db"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(StoreFailed, match=r"no\.db is not a database of sqlgrey"):
        list(Sqlgrey(file, Tally()).triples(Triple))
    assert file.exists() == (content is not None)
