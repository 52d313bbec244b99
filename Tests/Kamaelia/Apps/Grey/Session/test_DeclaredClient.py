"""Who is the client, if a trusted host names it: for policy, logs, and the real server."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Apps.Grey.GreyListingPolicy import GreyListingPolicy
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Apps.Grey.Session.DeclaredClient import UNKNOWN_ADDRESS
from Tests.Kamaelia.Apps.Grey.dialogue import codes, talk
from Tests.Kamaelia.Apps.Grey.wire import PATIENCE, Caller, FarEnd

HOST = "127.0.0.1"
MAIL = ["MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"]
XFORWARD = "XFORWARD ADDR=192.0.2.77 PORT=99 NAME=client.example HELO=greeter.example"


class Proxy(ConcreteMailHandler):
    xclient_from = (HOST,)
    strict = False
    smtp_offer_interval = 0

    def shouldWeAcceptRecipient(self, recipient: str) -> bool:
        self.seen.append((self.peer, self.peerport, self.peername, self.remotename))
        return True

    def shouldWeAcceptMail(self) -> bool:
        return True

    seen: list[Any]


def make(kind: Any = Proxy, **settings: Any) -> Any:
    usual: dict[str, Any] = {"peer": HOST, "peerport": 1, "seen": []}
    return type("Handler", (kind,), usual | settings)()


@pytest.fixture
def memory() -> Iterator[Callable[..., Greylist]]:
    """memory(**settings) -> a Greylist whose store is in memory."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(closing(Greylist(store="memory:", **settings)))


def test_only_named_hosts_are_offered_the_commands_and_may_use_them() -> None:
    named, other = make(), make(peer="192.0.2.1")
    heard = talk(named, "EHLO a", XFORWARD, "XCLIENT ADDR=192.0.2.1").heard
    assert "250-XCLIENT NAME ADDR PORT PROTO HELO DESTADDR DESTPORT" in heard
    assert any(line[4:] == "XFORWARD NAME ADDR PORT PROTO HELO SOURCE" for line in heard)
    dialogue = talk(other, "EHLO a", XFORWARD, "XCLIENT ADDR=127.0.0.1", *MAIL)
    assert codes(dialogue) == [250, 500, 500, 250, 250]
    assert not any("XCLIENT" in line or "XFORWARD" in line for line in dialogue.heard)
    assert other.seen == [("192.0.2.1", 1, "", "a")]


def test_the_commands_are_unknown_by_default() -> None:
    handler = make(xclient_from=[])
    assert codes(talk(handler, "EHLO a", XFORWARD, "XCLIENT ADDR=192.0.2.1")) == [250, 500, 500]


def test_after_XCLIENT_the_session_is_that_of_the_client() -> None:
    handler = make()
    lines = ["EHLO host", "XCLIENT ADDR=192.0.2.77 NAME=client.example PORT=99", *MAIL]
    assert codes(talk(handler, *lines, "EHLO me", *MAIL)) == [250, 220, 503, 503, 250, 250, 250]
    assert handler.seen == [("192.0.2.77", 99, "client.example", "me")]


def test_XFORWARD_is_for_one_mail() -> None:
    handler = make()
    reset = [*MAIL, "RSET"]
    lines = ["EHLO host", XFORWARD, *reset, *reset, "XFORWARD ADDR=192.0.2.78", *reset]
    assert set(codes(talk(handler, *lines))) == {250}
    assert handler.seen == [
        ("192.0.2.77", 99, "client.example", "greeter.example"),
        (HOST, 1, "", "host"),
        ("192.0.2.78", 0, "", "host"),
    ]


def test_XFORWARD_may_take_several_lines_and_a_refused_MAIL_does_not_end_it() -> None:
    handler = make()
    lines = ["XFORWARD NAME=client.example", "XFORWARD HELO=me"]
    said = ["EHLO host", "XFORWARD ADDR=192.0.2.77", *lines, "MAIL FROM:<a@b> X=1", *MAIL]
    assert codes(talk(handler, *said)) == [250, 250, 250, 250, 555, 250, 250]
    assert handler.seen == [("192.0.2.77", 0, "client.example", "me")]


@pytest.mark.parametrize("address", ["192.0.2.77", "[UNAVAILABLE]"])
@pytest.mark.parametrize("command", ["XCLIENT", "XFORWARD"])
def test_a_client_is_not_trusted_because_its_host_is(
    memory: Callable[..., Greylist], command: str, address: str
) -> None:
    """Otherwise a proxy on the same machine would make an open relay."""
    settings = {"allowed_senders": [HOST], "allowed_domains": [], "greylist": memory()}
    handler = make(GreyListingPolicy, xclient_from=[HOST], strict=False, **settings)
    lines = ["EHLO a", f"{command} ADDR={address}", "EHLO a", "MAIL FROM:<root>", *MAIL]
    heard = codes(talk(handler, *lines))
    assert heard == [250, 220 if command == "XCLIENT" else 250, 250, 501, 250, 550]
    assert handler.peer == (address if address[0] != "[" else UNKNOWN_ADDRESS)


def test_a_trusted_client_is_trusted_behind_a_host(memory: Callable[..., Greylist]) -> None:
    settings = {"allowed_senders": ["192.0.2.77"], "allowed_domains": [], "strict": False}
    handler = make(GreyListingPolicy, xclient_from=[HOST], greylist=memory(), **settings)
    assert not handler.session.isTrusted
    talk(handler, "EHLO a", "XCLIENT ADDR=192.0.2.77", "EHLO a", *MAIL)
    assert handler.session.isTrusted


@pytest.mark.parametrize("line", ["XCLIENT", "XCLIENT ADDR=x", "XFORWARD A=B", "XFORWARD ADDR"])
def test_a_malformed_line_changes_nothing(line: str) -> None:
    handler = make()
    assert codes(talk(handler, "EHLO a", line, *MAIL)) == [250, 501, 250, 250]
    assert handler.seen == [(HOST, 1, "", "a")]


def test_a_mail_of_another_client_has_a_session_of_its_own_with_the_real_server(
    serving: Any,
) -> None:
    offer = "250-far.example.org\r\n250 XFORWARD NAME ADDR PORT PROTO HELO SOURCE"

    def client(server: Any) -> list[str]:
        caller = Caller(server.ports[0])
        caller.say("EHLO host")
        replies = []
        for last in (1, 2):
            caller.sayAll(f"XFORWARD ADDR=192.0.2.{last} HELO=h{last}", *MAIL)
            replies.append(caller.send()[:3])
        caller.end()
        return replies

    with FarEnd(EHLO=offer) as far:
        settings = {"smtp_port": far.port, "smtp_client_address": "xforward", "relay": "live"}
        protocol = type("Handler", (Proxy,), {"seen": [], **settings})
        assert serving(client, protocol=protocol) == ["250", "250"]
        told = [line for line in far.heard if line.startswith("XFORWARD")]
        assert [line.split()[2] for line in told] == ["ADDR=192.0.2.1", "ADDR=192.0.2.2"]
        assert [line.split()[-2] for line in told] == ["HELO=h1", "HELO=h2"]


# Real programs


@pytest.mark.needs("swaks")
def test_swaks_names_a_client(serving: Any, needs: Callable[[str], str]) -> None:
    def client(server: Any) -> int:
        to = ["--to", "c@d.example", "--from", "a@b.example", "--server", "127.0.0.1"]
        xclient = ["--xclient-addr", "192.0.2.77", "--xclient-name", "client.example"]
        words = [needs("swaks"), *to, "--port", str(server.ports[0]), "--helo", "me", *xclient]
        return subprocess.run(words, capture_output=True, timeout=PATIENCE).returncode

    with FarEnd() as far:
        protocol = type("Handler", (Proxy,), {"seen": [], "smtp_port": far.port})
        assert serving(client, protocol=protocol) == 0
        assert protocol.seen == [("192.0.2.77", 0, "client.example", "me")]
        assert len(far.mails) == 1


def test_the_command_of_nginx_is_understood(serving: Any) -> None:
    """nginx mail sends it before it repeats the hello of the client, and wants 220."""

    def client(server: Any) -> list[str]:
        caller = Caller(server.ports[0])
        lines = ["EHLO proxy.example", "XCLIENT ADDR=192.0.2.77 LOGIN=me NAME=[UNAVAILABLE]"]
        replies = caller.sayAll(*lines, "EHLO me", *MAIL)
        caller.end()
        return [reply[:3] for reply in replies]

    with FarEnd() as far:
        protocol = type("Handler", (Proxy,), {"seen": [], "smtp_port": far.port})
        assert serving(client, protocol=protocol) == ["250", "220", "250", "250", "250"]
        assert protocol.seen == [("192.0.2.77", 0, "", "me")]


@pytest.mark.needs("postfix")
@pytest.mark.skipif(os.getuid() != 0, reason="a Postfix of one's own needs root")
def test_Postfix_with_smtpd_proxy_filter_names_its_client(
    serving: Any, postfix: Callable[..., Any], memory: Callable[..., Greylist]
) -> None:
    """A Postfix in front, the proxy, and a Postfix behind: the first mail is deferred."""
    behind = postfix(smtpd_authorized_xforward_hosts="127.0.0.0/8")
    settings = {
        "smtp_port": behind.port,
        "smtp_client_address": "xforward",
        "relay": "live",
        "xclient_from": [HOST],
        "strict": False,
        "allowed_domains": ["d.example"],
        "greylist": memory(clock=lambda: now[-1], decide_at="rcpt"),
    }
    now = [0.0]
    lines: list[str] = []
    settings["noteToLog"] = lambda self, line: lines.append(line)

    def client(server: Any) -> list[str]:
        front = postfix(
            smtpd_proxy_filter=f"127.0.0.1:{server.ports[0]}",
            smtpd_authorized_xclient_hosts="127.0.0.0/8",
            mynetworks="192.0.2.0/24",
            virtual_mailbox_maps="static:box/",
        )
        replies = []
        for _ in range(2):
            caller = Caller(front.port)
            caller.sayAll("EHLO a", "XCLIENT ADDR=192.0.2.77 NAME=client.example", "EHLO greeter")
            *_, rcpt = caller.sayAll(*MAIL)
            replies.append(caller.send()[:3] if rcpt[:3] == "250" else rcpt[:9])
            caller.end()
            now.append(5000.0)
        return replies

    protocol = type("Handler", (GreyListingPolicy,), settings)
    assert serving(client, protocol=protocol) == ["451 4.7.1", "250"]
    assert len(behind.waitForMails(1)) == 1
    behind.waitForLog(r"client=client\.example\[192\.0\.2\.77\]")
    assert all("| greeter | 192.0.2.77 |" in line for line in lines if "ACCEPTED" in line)
    assert any("ACCEPTED" in line for line in lines)
