"""Real servers behind: aiosmtpd by LMTP, Unix sockets and PROXY; Postfix is told of clients."""

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Support.Protocol.ProxyHeader import Origin, lineFor
from Tests.Kamaelia.Apps.Grey.postfix import Postfix
from Tests.Kamaelia.Apps.Grey.watchedSessions import WatchedSessions
from Tests.Kamaelia.Apps.Grey.wire import PATIENCE, Caller, FarEnd

aiosmtpd = pytest.importorskip("aiosmtpd.controller")
lmtp = pytest.importorskip("aiosmtpd.lmtp")

RELAYS = pytest.mark.parametrize("relay", ["replay", "live"])
CLIENT = Origin("192.0.2.77", 4711, "198.51.100.5", 25)
CLIENT6 = Origin("2001:db8::77", 4711, "2001:db8::5", 25)
BALANCED = {"proxy_protocol_from": ["127.0.0.1"]}


class Proxy(ConcreteMailHandler):
    def shouldWeAcceptMail(self) -> bool:
        return True

    def noteToLog(self, line: str) -> None:
        self.said.append(line)

    said: list[str]


def handler(**settings: Any) -> Any:
    return type("Handler", (Proxy,), {"said": []} | settings)


def through(server: Any, origin: Origin, *recipients: str) -> str:
    """A mail of a client that is behind a load balancer: the last reply."""
    caller = Caller(server.ports[0], before=lineFor(origin))
    for reply in caller.begin(*recipients):
        if reply[0] != "2":
            return reply
    reply = caller.send()
    caller.end()
    return reply


class Keeping:
    """Keeps what it is given, and answers for each recipient."""

    def __init__(self, isLMTP: bool) -> None:
        self.taken: list[Any] = []
        self.isLMTP = isLMTP

    async def handle_PROXY(self, server: Any, session: Any, envelope: Any, data: Any) -> bool:
        return bool(data.valid)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken.append((session, envelope))
        answers = [
            "550 5.2.1 mailbox disabled" if "full" in path else f"250 2.1.5 {path} has it"
            for path in envelope.rcpt_tos
        ]
        return "\r\n".join(answers) if self.isLMTP else "250 kept"


@pytest.fixture
def behind() -> Iterator[Callable[..., Any]]:
    """behind(path=None, isLMTP=False, **settings) -> an aiosmtpd that listens."""
    started: list[Any] = []
    sessions = WatchedSessions()

    def start(path: Any = None, isLMTP: bool = False, **settings: Any) -> Any:
        base = aiosmtpd.Controller if path is None else aiosmtpd.UnixSocketController

        class Own(base):  # type: ignore[misc, valid-type]
            def factory(self) -> Any:
                kind = lmtp.LMTP if isLMTP else lmtp.SMTP
                return sessions.watched(kind)(self.handler, **self.SMTP_kwargs)

            def _trigger_server(self) -> None:
                if path is None:
                    self.port = self.server.sockets[0].getsockname()[1]
                super()._trigger_server()

        place = {"hostname": "127.0.0.1", "port": 0} if path is None else {"unix_socket": path}
        started.append(Own(Keeping(isLMTP), ready_timeout=PATIENCE, **place, **settings))
        started[-1].start()
        return started[-1]

    yield start
    sessions.waitForEnds()
    for each in started:
        each.stop()


def oneMail(*recipients: str) -> Callable[[Any], str]:
    def client(server: Any) -> str:
        caller = Caller(server.ports[0])
        for reply in caller.begin(*recipients):
            if reply[0] != "2":
                return reply
        reply = caller.send()
        caller.end()
        return reply

    return client


@RELAYS
def test_a_server_of_LMTP_takes_a_mail_and_answers_for_each(
    serving: Any, behind: Callable[..., Any], relay: str
) -> None:
    far = behind(isLMTP=True)
    protocol = handler(smtp_port=far.port, smtp_protocol="lmtp", relay=relay)
    client = oneMail("<a@d.example>", "<b@d.example>")
    assert serving(client, protocol=protocol) == "250 2.1.5 a@d.example has it"
    ((_, envelope),) = far.handler.taken
    assert envelope.rcpt_tos == ["a@d.example", "b@d.example"]


@RELAYS
def test_a_recipient_that_a_server_of_LMTP_refuses_after_the_dot_is_reported(
    serving: Any, behind: Callable[..., Any], relay: str
) -> None:
    far = behind(isLMTP=True)
    protocol = handler(smtp_port=far.port, smtp_protocol="lmtp", relay=relay)
    client = oneMail("<a@d.example>", "<full@d.example>")
    assert serving(client, protocol=protocol) == "250 2.1.5 a@d.example has it"
    _, (_, report) = far.handler.taken
    assert (report.mail_from, report.rcpt_tos) == ("<>", ["a@b.example"])
    assert b"<full@d.example>: 550 5.2.1 mailbox disabled" in report.content


@RELAYS
@pytest.mark.parametrize("isLMTP", [True, False])
def test_a_server_may_be_behind_a_unix_socket(
    serving: Any, behind: Callable[..., Any], tmp_path: Any, relay: str, isLMTP: bool
) -> None:
    far = behind(tmp_path / "socket", isLMTP)
    spoken = "lmtp" if isLMTP else "smtp"
    protocol = handler(smtp_ip=f"unix:{tmp_path}/socket", smtp_protocol=spoken, relay=relay)
    assert serving(oneMail(), protocol=protocol)[:3] == "250"
    assert len(far.handler.taken) == 1


@RELAYS
def test_a_unix_socket_that_is_not_there_is_followed_by_the_next_server(
    serving: Any, behind: Callable[..., Any], tmp_path: Any, relay: str
) -> None:
    far = behind()
    servers = [f"unix:{tmp_path}/nothing", ("127.0.0.1", far.port)]
    protocol = handler(smtp_servers=servers, relay=relay)
    assert serving(oneMail(), protocol=protocol) == "250 kept"
    assert re.search(r"unix:.*/nothing: .*No such file", protocol.said[0])


@RELAYS
@pytest.mark.parametrize("origin", [CLIENT, CLIENT6])
def test_a_PROXY_header_tells_the_server_the_address_of_the_client(
    serving: Any, behind: Callable[..., Any], relay: str, origin: Origin
) -> None:
    far = behind(proxy_protocol_timeout=PATIENCE)
    protocol = handler(smtp_port=far.port, smtp_client_address="proxy", relay=relay)
    client = lambda server: through(server, origin)  # noqa: E731
    assert serving(client, protocol=protocol, **BALANCED) == "250 kept"
    ((session, _),) = far.handler.taken
    data = session.proxy_data
    assert (str(data.src_addr), data.src_port) == (origin.peer, origin.peerport)
    assert (str(data.dst_addr), data.dst_port) == (origin.local, origin.localport)


# TLS


@RELAYS
@pytest.mark.parametrize(
    ("name", "reply"), [("localhost", "250 kept"), ("other.example", "451 4.4.1")]
)
def test_a_certificate_has_to_have_the_servers_name(
    serving: Any, behind: Callable[..., Any], certificate: Any, relay: str, name: str, reply: str
) -> None:
    far = behind(tls_context=certificate.server, require_starttls=True)
    protocol = handler(
        smtp_port=far.port,
        smtp_tls="must",
        smtp_ssl=certificate.client,
        smtp_tls_name=name,
        relay=relay,
    )
    assert serving(oneMail(), protocol=protocol).startswith(reply)
    assert len(far.handler.taken) == (reply == "250 kept")
    isSaid = any("Hostname mismatch" in line and name in line for line in protocol.said)
    assert isSaid == (name != "localhost")


@RELAYS
def test_an_untrusted_certificate_is_named_in_the_log(
    serving: Any, behind: Callable[..., Any], certificate: Any, relay: str
) -> None:
    far = behind(tls_context=certificate.server)
    protocol = handler(smtp_port=far.port, smtp_tls="may", relay=relay)
    assert serving(oneMail(), protocol=protocol).startswith("451 4.4.1")
    assert far.handler.taken == []
    assert any("at TLS: " in line and "certificate verify failed" in line for line in protocol.said)


def test_the_client_may_be_encrypted_behind_a_load_balancer(serving: Any, certificate: Any) -> None:
    def client(server: Any) -> tuple[str, str]:
        caller = Caller(server.ports[0], before=lineFor(CLIENT))
        caller.say("EHLO client")
        begun = caller.say("STARTTLS")
        caller.socket = certificate.client.wrap_socket(caller.socket, server_hostname="localhost")
        caller.file.close()
        caller.file = caller.socket.makefile("rb")
        caller.begin()
        taken = caller.send()
        caller.end()
        caller.close()
        return begun, taken

    with FarEnd() as far:
        protocol = handler(smtp_port=far.port, starttls=certificate.server)
        begun, reply = serving(client, protocol=protocol, starttls=certificate.server, **BALANCED)
        assert (begun[:3], reply[:3]) == ("220", "250")


# Postfix


needsPostfix = [
    pytest.mark.needs("postfix"),
    pytest.mark.skipif(os.getuid() != 0, reason="a Postfix of one's own needs root"),
]


def postfixTold(
    serving: Any, far: Postfix, telling: str, relay: str, origin: Origin
) -> tuple[str, str]:
    """What the client hears, and what Postfix logs."""

    def client(server: Any) -> tuple[str, str]:
        reply = through(server, origin, "<c@d.example>")
        return reply, far.log()

    protocol = handler(smtp_port=far.port, smtp_client_address=telling, relay=relay)
    return serving(client, protocol=protocol, **BALANCED)  # type: ignore[no-any-return]


class TestPostfix:
    pytestmark = needsPostfix

    @RELAYS
    @pytest.mark.parametrize("origin", [CLIENT, CLIENT6])
    @pytest.mark.parametrize(
        ("telling", "settings"),
        [
            ("xclient", {"smtpd_authorized_xclient_hosts": "127.0.0.1"}),
            ("xforward", {"smtpd_authorized_xforward_hosts": "127.0.0.1"}),
            ("proxy", {"smtpd_upstream_proxy_protocol": "haproxy"}),
        ],
    )
    def test_its_log_and_its_mail_show_the_clients_address(
        self,
        serving: Any,
        postfix: Callable[..., Postfix],
        telling: str,
        settings: dict[str, str],
        relay: str,
        origin: Origin,
    ) -> None:
        far = postfix(
            inet_protocols="all",
            smtpd_relay_restrictions="permit_auth_destination, reject",
            **settings,
        )
        reply, _ = postfixTold(serving, far, telling, relay, origin)
        assert reply.startswith("250 2.0.0 Ok: queued")
        (mail,) = far.waitForMails(1)
        line = re.compile(rf"client=\S+\[{re.escape(origin.peer)}\]")
        far.waitUntil(lambda: line.search(far.log()) is not None, f"{origin.peer} in its log")
        if telling != "xforward":  # which is for the log alone
            received = b"Received: from client (unknown ["
            assert received in mail
            assert origin.peer.encode() in mail

    @RELAYS
    @pytest.mark.parametrize("telling", ["xclient", "xforward"])
    def test_without_leave_to_tell_it_no_mail_is_given_to_it(
        self, serving: Any, postfix: Callable[..., Postfix], telling: str, relay: str
    ) -> None:
        far = postfix()
        reply, log = postfixTold(serving, far, telling, relay, CLIENT)
        assert reply.startswith("451 4.4.1")
        assert "client=" not in log

    @RELAYS
    def test_its_rules_for_clients_apply(
        self, serving: Any, postfix: Callable[..., Postfix], relay: str
    ) -> None:
        far = postfix(
            smtpd_authorized_xclient_hosts="127.0.0.1",
            smtpd_client_restrictions="check_client_access inline:{192.0.2.77=REJECT}",
        )
        reply, _ = postfixTold(serving, far, "xclient", relay, CLIENT)
        assert reply.startswith("554 5.7.1 <unknown[192.0.2.77]>: Client host rejected")
