"""Suspicion with a real DNS server: what it assesses, and what an administrator reads of it."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Delegation.PolicyRequestHandler import PolicyRequestHandler
from Kamaelia.Apps.Grey.Delegation.PolicyService import LastStage, PolicyService
from Kamaelia.Apps.Grey.GreyListingPolicy import GreyListingPolicy
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Apps.Grey.Policy.Resolver import Resolver
from Kamaelia.Apps.Grey.Policy.SuspicionCheck import SuspicionCheck
from Kamaelia.Apps.Grey.Service import Assembly
from Kamaelia.Support.Greylist.Suspicion import Assessment, Client, Weights, checksFor
from Tests.conftest import pathOf
from Tests.Kamaelia.Apps.Grey.nameserver import NameServer
from Tests.Kamaelia.Apps.Grey.wire import Caller
from Tests.Kamaelia.sockets import dial
from Tests.ports import freePort

ZONES = {
    "2.0.192.in-addr.arpa.": "7 PTR mx.b.example.\n66 PTR c66.pool.spam.example.\n",
    "100.51.198.in-addr.arpa.": "1 PTR " + " \n1 PTR ".join(f"n{i}.b.example." for i in range(99)),
    "b.example.": 'mx A 192.0.2.7\n@ TXT "v=spf1 a:mx.b.example -all"\n',
    # Loops, and more text than one answer has
    "loop.example.": "a CNAME b\nb CNAME a\n@ TXT "
    '"v=spf1 include:loop.example -all"\n'
    + "\n".join(f'big TXT "{chr(97 + i % 26) * 250}"' for i in range(200))
    + "\n",
    "bl.test.": "66.2.0.192 A 127.0.0.4\n2.0.0.127 A 127.0.0.2\n",
    "wl.test.": "7.2.0.192 A 127.0.5.3\n",
    "over.test.": "* A 127.255.255.254\n",
}
GOOD = Client("192.0.2.7", "mx.b.example", "<ann@b.example>", hasTLS=True)
BAD = Client("192.0.2.66", "192.0.2.66", "<ann@b.example>")


@pytest.fixture(scope="module")
def nameserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an nsd with ZONES."""
    program, folder = pathOf("nsd"), tmp_path_factory.mktemp("nsd")
    server = NameServer(program, folder, freePort(), ZONES)
    yield server.address
    server.end()


@pytest.fixture
def silence() -> Iterator[str]:
    """The address of a DNS server that answers nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{deaf.getsockname()[1]}"


def checkBy(server: str, timeout: float = 20.0, **weights: int) -> SuspicionCheck:
    lists = (["bl.test", "over.test"], ["wl.test"])
    return SuspicionCheck(Resolver([server]), checksFor(Weights(**weights), *lists), 3, timeout)


def assess(check: SuspicionCheck, client: Client) -> Assessment:
    return asyncio.run(check.assess(client))


def test_a_server_with_a_good_name_is_not_suspicious(nameserver: str) -> None:
    found = assess(checkBy(nameserver), GOOD)
    assert found.reasons == (
        "SPF of b.example: pass (-2)",
        "the name mx.b.example is in the domain of the sender (-1)",
        "listed in wl.test (-5)",
    )
    assert (found.points, found.isSuspicious, found.unknown) == (-8, False, ())


def test_a_client_of_an_access_line_is_suspicious(nameserver: str) -> None:
    found = assess(checkBy(nameserver), BAD)
    assert found.reasons == (
        "the name c66.pool.spam.example is that of an access line (2)",
        "the name in HELO is an address (3)",
        "SPF of b.example: fail (4)",
        "listed in bl.test (4)",
    )
    assert found.unknown == ("unverified_name",)  # this nsd refuses questions about spam.example


@pytest.mark.parametrize(
    "client",
    [
        Client("198.51.100.1", "a.loop.example", "<x@loop.example>"),
        Client("198.51.100.1", "big.loop.example", "<x@big.loop.example>"),
        Client("192.0.2.7", "a.loop.example", "<x@a.loop.example>"),
        Client("not an address", "", "<>"),
    ],
)
def test_hostile_zones_and_clients_are_assessed(nameserver: str, client: Client) -> None:
    found = assess(checkBy(nameserver), client)
    assert found.threshold == 3


def test_a_server_that_does_not_answer_gives_no_points(silence: str) -> None:
    found = assess(checkBy(silence, timeout=0.05), BAD._replace(helo="mx.b.example"))
    assert (found.points, found.reasons, found.isSuspicious) == (0, (), False)
    assert {"no_name", "spf_fail", "block_listed"} <= set(found.unknown)


# In the policy service and the proxy


def request(client: Client, recipient: str) -> bytes:
    attributes = {
        "request": "smtpd_access_policy",
        "protocol_state": "RCPT",
        "client_address": client.peer,
        "helo_name": client.helo,
        "sender": client.sender.strip("<>"),
        "recipient": recipient,
        "instance": "1",
        "encryption_protocol": "TLSv1.3" if client.hasTLS else "",
    }
    return "".join(f"{k}={v}\n" for k, v in attributes.items()).encode() + b"\n"


def askAt(port: int, *requests: bytes) -> bytes:
    """The answers to requests, one after the other."""
    said = b""
    with closing(dial(port)) as connection:
        for number, each in enumerate(requests, 1):
            connection.sendall(each)
            while said.count(b"\n\n") < number:
                said += connection.recv(4096)
    return said


def greylistFor(check: SuspicionCheck, journal: list[Any], **more: Any) -> Greylist:
    return Greylist(
        store="memory:", suspicion=check, journal=journal.append, decide_at="rcpt", **more
    )


@pytest.mark.parametrize(("client", "action"), [(GOOD, "DUNNO"), (BAD, "DEFER_IF_PERMIT 4.7.1")])
def test_the_policy_service_defers_only_suspicious_mail_and_says_why(
    serving: Any, nameserver: str, tmp_path: Path, client: Client, action: str
) -> None:
    journal: list[Any] = []
    log = tmp_path / "log"
    check = checkBy(nameserver)
    service = PolicyService(greylistFor(check, journal), LastStage(), logfile=str(log))

    def talk(server: Any) -> bytes:
        return askAt(server.ports[0], *(request(client, f"{to}@d.example") for to in "ce"))

    said = serving(talk, protocol=lambda **each: PolicyRequestHandler(service=service))
    assert said.count(f"action={action}".encode()) == 2
    (mail,) = journal
    found = mail["suspicion"]
    assert (found["points"] >= 3) == (client is BAD)
    lines = log.read_text().splitlines()
    assert f" suspicion client=[{client.peer}]:0 points={found['points']} threshold=3" in lines[1]
    assert f" id={mail['id']} reasons=" in lines[1]
    assert json.loads(lines[1].partition("reasons=")[2]) == ", ".join(found["reasons"])
    reasons = {each["reason"] for each in mail["recipients"]}
    assert reasons == {"never seen" if client is BAD else "not suspicious"}


@pytest.mark.parametrize(("helo", "code"), [("mx.b.example", "354"), ("192.0.2.7", "451")])
def test_the_proxy_defers_only_suspicious_mail(
    serving: Any, nameserver: str, helo: str, code: str
) -> None:
    journal: list[Any] = []
    check = checkBy(nameserver, no_name=0, spf_fail=0)
    settings = {
        "greylist": greylistFor(check, journal),
        "allowed_domains": ["d.example"],
        "relay": "replay",
    }
    protocol = type("Grey", (GreyListingPolicy,), settings)

    def talk(server: Any) -> str:
        caller = Caller(server.ports[0])
        for line in (f"EHLO {helo}", "MAIL FROM:<ann@b.example>", "RCPT TO:<c@d.example>"):
            said = caller.say(line)
        said = caller.say("DATA") if said[0] == "2" else said
        caller.close()
        return str(said)

    assert serving(talk, protocol=protocol)[:3] == code


def test_the_decision_does_not_wait_for_dns_beyond_its_time(serving: Any, silence: str) -> None:
    service = PolicyService(greylistFor(checkBy(silence, timeout=0.05), []), LastStage())

    def talk(server: Any) -> bytes:
        return askAt(server.ports[0], request(GOOD, "c@d.example"))

    said = serving(talk, protocol=lambda **each: PolicyRequestHandler(service=service))
    assert said == b"action=DUNNO\n\n"


# Settings


def test_suspicion_is_off_unless_it_is_configured(tmp_path: Path) -> None:
    file = tmp_path / "grey.toml"
    text = '[policy]\naddresses = ["127.0.0.1:0"]\n[suspicion]\n'
    file.write_text(text + 'block_lists = ["bl.test"]\nno_name = 0\n')
    assert Assembly.build(file).greylist.suspicion is None
    file.write_text(text + 'delay = "suspicious"\nblock_lists = ["bl.test"]\nno_name = 0\n')
    check = Assembly.build(file).greylist.suspicion
    assert check is not None
    assert (check.threshold, check.timeout) == (3, 2.0)
    names = [each.name for each in check.checks]
    assert "no_name" not in names
    assert names.count("block_listed") == 1


@pytest.mark.parametrize("zone", ["*.bl.test", "bl", "", "a b.test"])
def test_a_list_that_is_no_zone_is_a_mistake(tmp_path: Path, zone: str) -> None:
    from Kamaelia.Support.Settings.Configuration import ConfigurationError, parse

    with pytest.raises(ConfigurationError, match="is not the name of a zone"):
        parse(f'[policy]\naddresses = ["127.0.0.1:0"]\n[suspicion]\nblock_lists = ["{zone}"]\n')
