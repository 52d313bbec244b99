"""The resolver against a real DNS server on the loopback that answers as real ones do at times."""

import asyncio
import os
import sys

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest
import uvloop

from Kamaelia.Apps.Grey.Policy import Resolver as Resolving
from Kamaelia.Apps.Grey.Policy.Resolver import Resolver
from Kamaelia.Support.Protocol.DNSNames import NoAnswer, Question
from Tests.ports import freePort

SOA = "ns.example. me.example. 1 2 3 4 60"
ZONE = {
    ("example.org", "TXT"): ['"v=spf1 " "mx -all"'],
    ("example.org", "MX"): ["20 far.example.org.", "10 near.example.org."],
    ("near.example.org", "A"): ["192.0.2.3"],
    ("far.example.org", "A"): ["192.0.2.4"],
    ("3.2.0.192.in-addr.arpa", "PTR"): ["Near.Example.org."],
    ("4.2.0.192.in-addr.arpa", "PTR"): [r"a\.b.example.", r"x\032y.example.", "far.example.org."],
    ("large.example.org", "TXT"): [f'"v=spf1 ip4:192.0.2.3 x={"y" * 180}"', f'"{"z" * 200}"'] * 1
    + [f'"{letter * 250}"' for letter in "abcdefgh"],
    ("alias.example.org", "CNAME"): ["near.example.org."],
    ("heavy.example.org", "TXT"): [" ".join([f'"{"x" * 250}"'] * 20)],
}


class Server:
    """A DNS server on UDP and TCP on one free port; what a name begins with says how it behaves."""

    def __init__(self):
        self.asked = []
        self.overTCP = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.seconds = 300
        self.pending = set()

    async def __aenter__(self):
        loop = asyncio.get_running_loop()
        self.port = freePort()
        self.tcp = await asyncio.start_server(self.onStream, "127.0.0.1", self.port)
        self.udp, _ = await loop.create_datagram_endpoint(
            lambda: Datagrams(self), local_addr=("127.0.0.1", self.port)
        )
        return self

    async def __aexit__(self, *error):
        self.gate.set()
        self.udp.close()
        self.tcp.close()
        await self.tcp.wait_closed()
        await asyncio.gather(*self.pending)

    def resolver(self, **settings):
        return Resolver([f"127.0.0.1:{self.port}"], **settings)

    async def onStream(self, reader, writer):
        self.overTCP += 1
        wire = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        answer = self.answerTo(dns.message.from_wire(wire)).to_wire(max_size=65535)
        if b"\x07garbage" in wire:  # random bytes may say that the answer did not fit
            answer = os.urandom(40)
        writer.write(len(answer).to_bytes(2) + answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def onDatagram(self, wire, client):
        question = dns.message.from_wire(wire)
        name = question.question[0].name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        await self.gate.wait()
        if name.startswith("silent"):
            return
        if name.startswith("garbage"):
            self.udp.sendto(wire[:2] + os.urandom(40), client)
            self.udp.sendto(b"", client)
            return
        answer = self.answerTo(question)
        if name.startswith("forged"):
            answer.id ^= 1
        wire = answer.to_wire(max_size=65535)
        if len(wire) > 1232:
            answer = dns.message.make_response(question)
            answer.flags |= dns.flags.TC
            wire = answer.to_wire()
        self.udp.sendto(wire, client)

    def answerTo(self, question):
        answer = dns.message.make_response(question)
        name, kind = question.question[0].name, question.question[0].rdtype.name
        text = name.to_text(omit_final_dot=True).lower()
        records = ZONE.get((text, kind), [])
        alias = ZONE.get((text, "CNAME"))
        if alias:
            answer.answer.append(dns.rrset.from_text(name, 30, "IN", "CNAME", *alias))
            name = dns.name.from_text(alias[0])
            records = ZONE.get((alias[0].removesuffix("."), kind), [])
        if text.startswith("servfail"):
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif records:
            answer.answer.append(dns.rrset.from_text(name, self.seconds, "IN", kind, *records))
        elif not text.startswith("bare"):
            answer.authority.append(dns.rrset.from_text("example.", 60, "IN", "SOA", SOA))
        if not records and not any(known == text for known, _ in ZONE):
            answer.set_rcode(answer.rcode() or dns.rcode.NXDOMAIN)
        return answer


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server):
        self.server = server

    def datagram_received(self, wire, client):
        task = asyncio.ensure_future(self.server.onDatagram(wire, client))
        self.server.pending.add(task)
        task.add_done_callback(self.server.pending.discard)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def onServer(request):
    """onServer(talk) -> what talk(server) returns, on each of the loops."""

    def run(talk):
        async def beside():
            async with asyncio.timeout(60), Server() as server:
                return await talk(server)

        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(beside())

    return run


def test_a_client_that_the_domain_names_passes(onServer):
    async def talk(server):
        return await server.resolver().spf("192.0.2.3", "h", "<ann@example.org>")

    found = onServer(talk)
    assert (found.kind, found.domain, found.mechanism) == ("pass", "example.org", "mx")


def test_another_client_fails_and_a_domain_that_does_not_exist_says_nothing(onServer):
    async def talk(server):
        resolver = server.resolver()
        return [
            (await resolver.spf("192.0.2.9", "h", "<ann@example.org>")).kind,
            (await resolver.spf("192.0.2.9", "h", "<ann@nowhere.example.org>")).kind,
            (await resolver.spf("192.0.2.3", "example.org", "<>")).kind,
        ]

    assert onServer(talk) == ["fail", "none", "pass"]


def test_a_client_has_the_name_that_leads_back(onServer):
    async def talk(server):
        resolver = server.resolver()
        return [await resolver.nameOf(f"192.0.2.{last}") for last in (3, 4, 5)]

    assert onServer(talk) == ["near.example.org", "far.example.org", None]


def test_exchanges_come_in_the_order_of_their_preference(onServer):
    async def talk(server):
        return await server.resolver().ask(Question("example.org", "MX"))

    assert onServer(talk) == ("near.example.org", "far.example.org")


def test_an_alias_is_followed(onServer):
    async def talk(server):
        return await server.resolver().ask(Question("alias.example.org", "A"))

    assert onServer(talk) == ("192.0.2.3",)


def test_an_answer_too_large_for_a_datagram_is_fetched_over_tcp(onServer):
    async def talk(server):
        found = await server.resolver().spf("192.0.2.3", "h", "<ann@large.example.org>")
        return found.kind, server.overTCP

    assert onServer(talk) == ("pass", 1)


@pytest.mark.parametrize("behaviour", ["silent", "servfail", "garbage", "forged"])
def test_a_server_that_does_not_tell_is_a_temporary_error(onServer, behaviour):
    async def talk(server):
        resolver = server.resolver(timeout=0.3)
        return await resolver.spf("192.0.2.3", "h", f"<ann@{behaviour}.example.org>")

    found = onServer(talk)
    assert found.kind == "temperror"
    assert f"{behaviour}.example.org" in found.reason


def test_a_check_that_takes_too_long_in_all_is_a_temporary_error(onServer, monkeypatch):
    monkeypatch.setattr(Resolving, "LONGEST_CHECK", 0.1)

    async def talk(server):
        resolver = server.resolver(timeout=60)
        found = await resolver.spf("192.0.2.3", "h", "<Ann@Silent.example.org>")
        server.gate.clear()
        return found, await resolver.nameOf("192.0.2.3")

    found, name = onServer(talk)
    assert (found.kind, found.domain) == ("temperror", "silent.example.org")
    assert found.reason == "no result in 0.1 seconds"
    assert name is None


def test_an_unreachable_server_is_a_temporary_error_and_gives_no_name(onServer, freePort):
    async def talk(server):
        resolver = Resolver([f"127.0.0.1:{freePort}"], timeout=0.3)
        found = await resolver.spf("192.0.2.3", "h", "<ann@example.org>")
        return found.kind, await resolver.nameOf("192.0.2.3")

    assert onServer(talk) == ("temperror", None)


def test_the_loop_goes_on_while_a_server_is_silent(onServer):
    async def talk(server):
        resolver = server.resolver(timeout=60)
        silent = asyncio.ensure_future(resolver.ask(Question("silent.example.org", "A")))
        for client in range(5):
            found = await resolver.spf(f"192.0.2.{client}", "h", "<a@example.org>")
            assert found.kind == ("pass" if client in (3, 4) else "fail")
        assert not silent.done()
        silent.cancel()

    onServer(talk)


def test_a_question_without_an_answer_is_named(onServer):
    async def talk(server):
        with pytest.raises(NoAnswer, match=r"A of silent\.example\.org"):
            await server.resolver(timeout=0.3).ask(Question("silent.example.org", "A"))

    onServer(talk)


def test_a_question_of_many_sessions_is_asked_once_and_then_remembered(onServer):
    async def talk(server):
        resolver = server.resolver()
        server.gate.clear()
        sessions = [
            asyncio.ensure_future(resolver.spf("192.0.2.3", "h", f"<{user}@example.org>"))
            for user in range(50)
        ]
        while not server.asked:
            await asyncio.sleep(0)
        server.gate.set()
        kinds = {found.kind for found in await asyncio.gather(*sessions)}
        await resolver.spf("192.0.2.3", "h", "<again@example.org>")
        return kinds, sorted(server.asked)

    assert onServer(talk) == ({"pass"}, ["example.org", "example.org", "near.example.org"])


def test_a_session_that_gives_up_takes_no_answer_from_the_others(onServer):
    async def talk(server):
        resolver = server.resolver()
        server.gate.clear()
        question = Question("near.example.org", "A")
        first, second = (asyncio.ensure_future(resolver.ask(question)) for _ in range(2))
        while not server.asked:
            await asyncio.sleep(0)
        first.cancel()
        server.gate.set()
        return await second, first.cancelled(), len(server.asked)

    assert onServer(talk) == (("192.0.2.3",), True, 1)


@pytest.mark.parametrize(
    ("name", "seconds", "times"),
    [
        ("near.example.org", 300, 1),
        ("near.example.org", 0, 2),
        ("nowhere.example.org", 300, 1),
        ("bare.example.org", 300, 2),
        ("servfail.example.org", 300, 1),
        ("heavy.example.org", 300, 2),
    ],
)
def test_an_answer_is_kept_as_long_as_it_says_and_no_longer(onServer, name, seconds, times):
    async def talk(server):
        server.seconds = seconds
        resolver = server.resolver()
        for _ in range(2):
            try:
                await resolver.ask(Question(name, "TXT" if name[0] == "h" else "A"))
            except NoAnswer:
                pass
        return len(server.asked)

    assert onServer(talk) == times


def test_an_answer_is_asked_for_again_when_its_time_is_over(onServer):
    async def talk(server):
        server.seconds = 1
        resolver = server.resolver()
        question = Question("near.example.org", "A")
        while len(server.asked) < 2:
            await resolver.ask(question)
            await asyncio.sleep(0.02)  # nothing tells when an answer is too old

    onServer(talk)


def test_of_many_answers_those_that_were_wanted_last_are_kept(onServer):
    async def talk(server):
        resolver = server.resolver(most=2)
        for name in ("near", "far", "near", "example", "near", "far"):
            await resolver.ask(Question(f"{name}.example.org", "A"))
        return server.asked

    assert onServer(talk) == [f"{each}.example.org" for each in ("near", "far", "example", "far")]


def test_without_dnspython_the_error_says_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name == "dns" or name.startswith("dns.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "dns", None)
    with pytest.raises(ImportError, match=r"install kamaelia\[grey\]"):
        Resolver(["127.0.0.1"])


@pytest.mark.parametrize("place", ["", "localhost", "127.0.0.1:", "127.0.0.1:0", "[::1]:99999"])
def test_what_is_no_name_server_is_refused_with_a_remedy(place):
    with pytest.raises(ValueError, match=r"is not a DNS server: write 192\.0\.2\.53"):
        Resolver([place])


@pytest.mark.parametrize("place", ["127.0.0.1", "127.0.0.1:5353", "::1", "[::1]", "[::1]:5353"])
def test_a_name_server_is_an_address_with_or_without_a_port(place):
    Resolver([place])


@pytest.mark.parametrize("settings", [{"timeout": 0}, {"most": -1}])
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ValueError, match="of a Resolver must be"):
        Resolver(["127.0.0.1"], **settings)
