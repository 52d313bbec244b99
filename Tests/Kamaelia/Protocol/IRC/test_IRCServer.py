"""An IRC client beside a real server, ngircd."""

import ssl
from collections.abc import Callable

import pytest

from Axon.Ipc import producerFinished
from Axon.testing import FINISHED, feed
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Protocol.IRC.IRCClient import SimpleIRCClientPrefab
from Tests.Kamaelia.ircd import User, chat, heard, runningServer

pytestmark = pytest.mark.needs("ngircd")


def test_a_program_of_1_14_registers_by_itself(ircServer: int) -> None:
    user = User(
        steps=[
            ("NICK", "ann"),
            ("USER", "ann", "nohost", "noserver", "Ann Example"),
            heard("001", "irc.example.net", "ann"),
            ("JOIN", "#tea"),
            heard("366"),
            ("TOPIC", "#tea", "Earl Grey: hot"),
            heard("TOPIC", "ann", "#tea", "Earl Grey: hot"),
            ("UNKNOWN", "two words"),
            heard("421"),
            ("QUIT", "done"),
        ]
    )
    chat(user=(user, SimpleIRCClientPrefab("127.0.0.1", ircServer))).run()
    assert ("JOIN", "ann", "#tea", "") in user.heard
    assert user.heard[-1][0] == "ERROR"  # the server's last word


def test_two_users_talk_and_both_connections_end(ircServer: int) -> None:
    text = "gr\u00fcn " * 100
    ann = User(
        steps=[
            lambda each: each[0] in ("JOIN", "353") and "bob" in each[1] + each[3],
            ("PRIVMSG", "#tea", text),
            ("ME", "#tea", "pours tea"),
            heard("PRIVMSG", "bob", "ann", "thank you"),
            ("QUIT", "bye"),
        ]
    )
    bob = User(
        steps=[
            heard("ACTION", "ann", "#tea", "pours tea"),
            ("PRIVMSG", "ann", "thank you"),
            heard("QUIT", "ann"),
            ("QUIT",),
        ]
    )

    def client(nick: str) -> Graphline:
        return SimpleIRCClientPrefab("127.0.0.1", ircServer, nick=nick, channels=["#tea"])

    chat(ann=(ann, client("ann")), bob=(bob, client("bob"))).run()
    said = [each.text for each in bob.heard if each[:2] == ("PRIVMSG", "ann")]
    assert len(said) > 1
    assert " ".join(said).split() == text.split()


def test_a_nickname_in_use_is_replaced(ircServer: int) -> None:
    def client() -> Graphline:
        return SimpleIRCClientPrefab("127.0.0.1", ircServer, nick="ann")

    second = User(steps=[heard("001"), ("PRIVMSG", "ann", "hello"), ("QUIT",)])
    later = chat(user=(second, client()))
    first = User(steps=[heard("001"), later, heard("PRIVMSG", "ann_", "ann", "hello"), ("QUIT",)])
    chat(user=(first, client())).run()
    assert heard("433")(second.heard[0])


def test_a_server_that_wants_a_password_gets_it(
    needs: Callable[[str], str], freePorts: Callable[[], int]
) -> None:
    user = User(steps=[heard("001", "irc.example.net", "ann"), ("QUIT",)])
    with runningServer(needs("ngircd"), freePorts, password="secret") as port:
        client = SimpleIRCClientPrefab("127.0.0.1", port, nick="ann", password="secret")
        chat(user=(user, client)).run()
    assert user.heard


def test_capabilities_are_negotiated(ircServer: int) -> None:
    user = User(steps=[heard("001"), ("QUIT",)])
    client = SimpleIRCClientPrefab(
        "127.0.0.1", ircServer, nick="ann", capabilities=["multi-prefix", "no-such-thing"]
    )
    chat(user=(user, client)).run()
    assert [each.text for each in user.heard if "ACK" in each.text] == ["ACK :multi-prefix"]


def test_a_missing_server_ends_the_prefab(refusingPort: int) -> None:
    outcome = feed(SimpleIRCClientPrefab("127.0.0.1", refusingPort, nick="ann"), control=[])
    assert outcome["outbox"] == []
    (message,) = outcome["signal"]
    assert isinstance(message, producerFinished)
    assert isinstance(message.message, ConnectionRefusedError)


def test_a_shutdown_message_to_the_prefab_ends_the_connection(ircServer: int) -> None:
    outcome = feed(SimpleIRCClientPrefab("127.0.0.1", ircServer, nick="ann"))
    assert outcome["signal"] == [FINISHED]


@pytest.mark.needs("openssl")
def test_a_client_with_TLS_talks(needs: Callable[[str], str], freePorts: Callable[[], int]) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    user = User(steps=[heard("001", "irc.example.net", "ann"), ("QUIT",)])
    with runningServer(needs("ngircd"), freePorts, isTLS=True) as port:
        client = SimpleIRCClientPrefab("127.0.0.1", port, nick="ann", ssl=context)
        chat(user=(user, client)).run()
    assert user.heard


@pytest.mark.needs("openssl")
def test_a_certificate_that_cannot_be_verified_ends_the_prefab(
    needs: Callable[[str], str], freePorts: Callable[[], int]
) -> None:
    with runningServer(needs("ngircd"), freePorts, isTLS=True) as port:
        outcome = feed(SimpleIRCClientPrefab("127.0.0.1", port, nick="ann", ssl=True), control=[])
    assert outcome["outbox"] == []
    (message,) = outcome["signal"]
    assert isinstance(message.message, ssl.SSLCertVerificationError)
