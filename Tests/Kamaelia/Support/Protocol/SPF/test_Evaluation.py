"""SPF: what RFC 7208 shows and says, limit by limit, and what a hostile record may cost."""

from collections import defaultdict
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.DNSNames import NoAnswer, isName
from Kamaelia.Support.Protocol.SPF import Record
from Kamaelia.Support.Protocol.SPF.Evaluation import SPFResult, checkSPF, keyOf
from Kamaelia.Support.Protocol.SPF.Macro import dotted, expand, expandedName
from Kamaelia.Support.Protocol.SPF.Record import LONGEST_RECORD, BadPolicy, parsePolicy

PEER = "192.0.2.10"
PEER6 = "2001:db8::cafe:10"
KINDS = {"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"}


def zoneOf(**extra):
    """A zone: names to a dict of types to records. A record of text is one of TXT."""
    zone = defaultdict(dict)
    for name, records in (BASE | extra).items():
        zone[name.replace("__", ".")].update(records)
    return zone


def resultIn(zone, peer, sender, helo="mx.example.org", asked=None):
    """Drives a check on a zone; a type whose records are NoAnswer cannot be told."""
    checking = checkSPF(peer, helo, sender)
    try:
        question = next(checking)
        while True:
            if asked is not None:
                asked.append(question)
            records = zone.get(question.name, {}).get(question.type, ())
            if records is NoAnswer:
                question = checking.throw(NoAnswer("no answer"))
            else:
                question = checking.send(records)
    except StopIteration as end:
        return end.value


def kindOf(record, peer=PEER, **others):
    """What a record of example.org says, among the hosts of BASE."""
    text = record.encode("latin-1")
    zone = zoneOf(example__org={"TXT": (text,)})
    return resultIn(zone, peer, "ann@example.org", **others).kind


REVERSE = "10.2.0.192.in-addr.arpa"
REVERSE6 = "0.1.0.0.e.f.a.c" + ".0" * 16 + ".8.b.d.0.1.0.0.2.ip6.arpa"
BASE = {
    "example.org": {"A": ("192.0.2.200",), "AAAA": ("2001:db8::1",), "MX": ("mx.example.org",)},
    "mx.example.org": {"A": ("198.51.100.7", PEER), "AAAA": (PEER6,)},
    "near.example.org": {"A": ("192.0.2.99",), "AAAA": ("2001:db8::1:1",)},
    "many.example.org": {"A": tuple(f"192.0.2.{last}" for last in range(1, 40))},
    "four.example.org": {"A": ("127.0.0.2",)},
    "six.example.org": {"AAAA": ("2001:db8::2",)},
    "slow.example.org": {"TXT": NoAnswer, "A": NoAnswer, "AAAA": NoAnswer, "MX": NoAnswer},
    "null.example.org": {"MX": ("",)},
    "eleven.example.org": {"MX": ("mx.example.org",) * 11},
    "ten.example.org": {"MX": ("near.example.org",) * 9 + ("mx.example.org",)},
    "odd:name/here.example.org": {"A": (PEER,)},
    "a%b  c%20d.example.org": {"A": (PEER,)},
    "pass.example.org": {"TXT": (b"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all",)},
    "soft.example.org": {"TXT": (b"v=spf1 ~all",)},
    "neutral.example.org": {"TXT": (b"v=spf1 ?all",)},
    "fail.example.org": {"TXT": (b"v=spf1 -all",)},
    "implicit.example.org": {"TXT": (b"v=spf1 a -all",), "A": (PEER,)},
    "wrong.example.org": {"TXT": (b"v=spf1 moo",)},
    "other.example.org": {"TXT": (b"v=spfl is no policy",)},
    "loop.example.org": {"TXT": (b"v=spf1 include:loop.example.org",)},
    "round.example.org": {"TXT": (b"v=spf1 redirect=round.example.org",)},
    "eight.example.org": {"TXT": (b"v=spf1" + b" a:near.example.org" * 8,)},
    REVERSE: {"PTR": ("forged.example.org", "mx.example.org", "mx.example.net")},
    REVERSE6: {"PTR": ("mx.example.org",)},
    "mx.example.net": {"A": (PEER,)},
    "mx.example.org.by.example.org": {"A": ("127.0.0.2",)},
    "10.2.0.192.in-addr.list.example.org": {"A": ("127.0.0.2",)},
    "192.0.2.10.ann.user.example.org": {"A": ("127.0.0.2",)},
}

ROWS = [
    # Results and their qualifiers, sections 2.6 and 4.6.2
    ("v=spf1", PEER, "neutral"),
    ("v=spf1 ", PEER, "neutral"),
    ("v=spf1 all", PEER, "pass"),
    ("v=spf1 +all", PEER, "pass"),
    ("v=spf1 ?all", PEER, "neutral"),
    ("v=spf1 ~all", PEER, "softfail"),
    ("v=spf1 -all", PEER, "fail"),
    ("v=spf1 all -all", PEER, "pass"),
    ("V=sPf1 -ALL", PEER, "fail"),
    ("v=spf1 ip4:192.0.2.99", PEER, "neutral"),
    ("v=spf1   a    -all  ", PEER, "fail"),
    # What is wrong anywhere is wrong for the whole, section 4.6
    ("v=spf1 ip4:192.0.2.10 -all moo", PEER, "permerror"),
    ("v=spf1 -all.", PEER, "permerror"),
    ("v=spf1 -all:example.org", PEER, "permerror"),
    ("v=spf1 -all/8", PEER, "permerror"),
    ("v=spf1 ++all", PEER, "permerror"),
    ("v=spf1 \tall", PEER, "permerror"),
    ("v=spf1 a\rptr -all", PEER, "permerror"),
    ("v=spf1 a:\xef\xbb\xbfmx.example.org -all", PEER, "permerror"),
    ("v=spf1 \x80a -all", PEER, "permerror"),
    ("v=spf1 a \x96all", PEER, "permerror"),
    # Modifiers, section 6
    ("v=spf1 moo.cow-far_out=man:dog/cat ip4:192.0.2.10 -all", PEER, "pass"),
    ("v=spf1 moo.cow/far_out=man ip4:192.0.2.10 -all", PEER, "permerror"),
    ("v=spf1 moo.cow:far_out=man ip4:192.0.2.10 -all", PEER, "permerror"),
    ("v=spf1 +moo=cow all", PEER, "permerror"),
    ("v=spf1 1up=foo", PEER, "permerror"),
    ("v=spf1 =all", PEER, "permerror"),
    ("v=spf1 -all foo=%abc", PEER, "permerror"),
    ("v=spf1 ?all foo=%{t}%{c}", PEER, "neutral"),
    ("v=spf1 default=pass", PEER, "neutral"),
    ("v=spf1 default=+", PEER, "neutral"),
    ("v=spf1 -all exp=", PEER, "permerror"),
    ("v=spf1 exp=-all", PEER, "permerror"),
    ("v=spf1 exp=%{r}.example.org -all", PEER, "permerror"),
    ("v=spf1 exp=x.example.org -all exp=y.example.org", PEER, "permerror"),
    ("v=spf1 a:x.example.org a:y.example.org exp=z.example.org -all", PEER, "fail"),
    ("v=spf1 redirect=fail.example.org ~all", PEER, "softfail"),
    ("v=spf1 ip4:192.0.2.99 redirect=fail.example.org", PEER, "fail"),
    ("v=spf1 redirect=implicit.example.org", PEER, "pass"),
    ("v=spf1 redirect:fail.example.org", PEER, "permerror"),
    ("v=spf1 redirect=other.example.org", PEER, "permerror"),
    ("v=spf1 redirect=a..example.org", PEER, "permerror"),
    ("v=spf1 redirect=slow.example.org", PEER, "temperror"),
    ("v=spf1 ?all redirect=", PEER, "permerror"),
    ("v=spf1 redirect=-all ?all", PEER, "permerror"),
    ("v=spf1 redirect=fail.example.org ?all REDIRECT=fail.example.org", PEER, "permerror"),
    # include, section 5.2 and its table
    ("v=spf1 include:pass.example.org -all", PEER, "pass"),
    ("v=spf1 -include:pass.example.org +all", PEER, "fail"),
    ("v=spf1 include:fail.example.org ~all", PEER, "softfail"),
    ("v=spf1 include:soft.example.org all", PEER, "pass"),
    ("v=spf1 include:neutral.example.org -all", PEER, "fail"),
    ("v=spf1 include:slow.example.org -all", PEER, "temperror"),
    ("v=spf1 include:wrong.example.org -all", PEER, "permerror"),
    ("v=spf1 include:other.example.org -all", PEER, "permerror"),
    ("v=spf1 include:nowhere.example.org -all", PEER, "permerror"),
    ("v=spf1 include -all", PEER, "permerror"),
    ("v=spf1 include: -all", PEER, "permerror"),
    ("v=spf1 include:pass.example.org/24 -all", PEER, "permerror"),
    # a, section 5.3
    ("v=spf1 a:mx.example.org -all", PEER, "pass"),
    ("v=spf1 a:MX.Example.ORG. -all", PEER, "pass"),
    ("v=spf1 a:mx.example.org -all", PEER6, "pass"),
    ("v=spf1 a -all", PEER, "fail"),
    ("v=spf1 a/24 -all", PEER, "pass"),
    ("v=spf1 a/24 -all", PEER6, "fail"),
    ("v=spf1 a//64 -all", PEER6, "pass"),
    ("v=spf1 a//64 -all", PEER, "fail"),
    ("v=spf1 a/24//64 -all", PEER, "pass"),
    ("v=spf1 a/24//64 -all", PEER6, "pass"),
    ("v=spf1 a:near.example.org/24//112 -all", PEER6, "fail"),
    ("v=spf1 a:%{d}/24 -all", PEER, "pass"),
    ("v=spf1 a/24/64 -all", PEER, "permerror"),
    ("v=spf1 a/33 -all", PEER, "permerror"),
    ("v=spf1 a//33 -all", PEER, "fail"),
    ("v=spf1 a//129 -all", PEER, "permerror"),
    ("v=spf1 a/024 -all", PEER, "permerror"),
    ("v=spf1 a/0 -all", PEER, "pass"),
    ("v=spf1 a:six.example.org/0 -all", PEER, "fail"),
    ("v=spf1 a:six.example.org//0 -all", "::ffff:192.0.2.10", "fail"),
    ("v=spf1 a:four.example.org//0 -all", PEER6, "fail"),
    ("v=spf1 a:nowhere.example.org/0 -all", PEER, "fail"),
    ("v=spf1 a:many.example.org -all", PEER, "pass"),
    ("v=spf1 a:slow.example.org -all", PEER, "temperror"),
    ("v=spf1 a:odd:name/here.example.org -all", PEER, "pass"),
    ("v=spf1 a:example.org:8080", PEER, "permerror"),
    ("v=spf1 a:mx.example.org\0", PEER, "permerror"),
    ("v=spf1 a:192.0.2.10", PEER, "permerror"),
    ("v=spf1 a:abc.123", PEER, "permerror"),
    ("v=spf1 a:museum", PEER, "permerror"),
    ("v=spf1 a:museum.", PEER, "permerror"),
    ("v=spf1 a:example.-com", PEER, "permerror"),
    ("v=spf1 a:example.com-", PEER, "permerror"),
    ("v=spf1 a:", PEER, "permerror"),
    ("v=spf1 a:mx.example.xn--zckzah -all", PEER, "fail"),
    ("v=spf1 a:a..example.org -all", PEER, "fail"),
    ("v=spf1 a:" + "x" * 64 + ".example.org -all", PEER, "fail"),
    # mx, section 5.4
    ("v=spf1 mx -all", PEER, "pass"),
    ("v=spf1 mx -all", PEER6, "pass"),
    ("v=spf1 mx:null.example.org -all", PEER, "fail"),
    ("v=spf1 mx:mx.example.org -all", PEER, "fail"),
    ("v=spf1 mx/24 -all", "198.51.100.250", "pass"),
    ("v=spf1 mx//33 -all", PEER, "pass"),
    ("v=spf1 mx/33 -all", PEER, "permerror"),
    ("v=spf1 mx//129 -all", PEER, "permerror"),
    ("v=spf1 mx: -all", PEER, "permerror"),
    ("v=spf1 mx:abc.123 -all", PEER, "permerror"),
    ("v=spf1 mx:slow.example.org -all", PEER, "temperror"),
    ("v=spf1 mx:ten.example.org -all", PEER, "pass"),
    ("v=spf1 mx:eleven.example.org -all", PEER, "permerror"),
    # ptr, section 5.5
    ("v=spf1 ptr -all", PEER, "pass"),
    ("v=spf1 ptr -all", PEER6, "pass"),
    ("v=spf1 ptr:Example.Net -all", PEER, "pass"),
    ("v=spf1 ptr:ample.org -all", PEER, "fail"),
    ("v=spf1 ptr:forged.example.org -all", PEER, "fail"),
    ("v=spf1 ptr -all", "192.0.2.11", "fail"),
    ("v=spf1 ptr/0 -all", PEER, "permerror"),
    ("v=spf1 ptr:", PEER, "permerror"),
    # ip4 and ip6, section 5.6
    ("v=spf1 ip4:192.0.2.10 -all", PEER, "pass"),
    ("v=spf1 ip4:192.0.2.99/24 -all", PEER, "pass"),
    ("v=spf1 ip4:198.51.100.1/0 -all", PEER, "pass"),
    ("v=spf1 ip4:192.0.2.10 -all", "::ffff:192.0.2.10", "pass"),
    ("v=spf1 -ip4:192.0.2.10 ip6:::ffff:192.0.2.10", "::ffff:192.0.2.10", "fail"),
    ("v=spf1 ip4:192.0.2.10/33 -all", PEER, "permerror"),
    ("v=spf1 ip4:192.0.2.10/032 -all", PEER, "permerror"),
    ("v=spf1 ip4:192.0.2.10//32 -all", PEER, "permerror"),
    ("v=spf1 ip4:192.0.2.10:25 -all", PEER, "permerror"),
    ("v=spf1 ip4:192.0.2 -all", PEER, "permerror"),
    ("v=spf1 ip4:192.0.02.10 -all", PEER, "permerror"),
    ("v=spf1 ip4:2001:db8::1 -all", PEER, "permerror"),
    ("v=spf1 ip4 -all", PEER, "permerror"),
    ("v=spf1 -all ip6", PEER, "permerror"),
    ("v=spf1 ip6:2001:DB8::/32 -all", PEER6, "pass"),
    ("v=spf1 ip6:2001:db8::/33", PEER, "neutral"),
    ("v=spf1 ip6:::192.0.2.10/0", PEER, "neutral"),
    ("v=spf1 ip6:::192.0.2.10/0", "::ffff:192.0.2.10", "neutral"),
    ("v=spf1 ip6:::192.0.2.10/0", PEER6, "pass"),
    ("v=spf1 ip6:2001:db8::/129", PEER, "permerror"),
    ("v=spf1 ip6:2001:db8:://33", PEER, "permerror"),
    ("v=spf1 ip6::CAFE::BABE", PEER, "permerror"),
    # exists, section 5.7
    ("v=spf1 exists:four.example.org -all", PEER6, "pass"),
    ("v=spf1 exists:six.example.org -all", PEER6, "fail"),
    ("v=spf1 exists:slow.example.org -all", PEER, "temperror"),
    ("v=spf1 exists:four.example.org/24", PEER, "permerror"),
    ("v=spf1 exists", PEER, "permerror"),
    ("v=spf1 exists:", PEER, "permerror"),
    # Macros, section 7
    ("v=spf1 exists:%{ir}.%{v}.list.%{d} -all", PEER, "pass"),
    ("v=spf1 exists:%{i}.%{l}.user.%{o2} -all", PEER, "pass"),
    ("v=spf1 exists:%{p}.by.example.org -all", PEER, "pass"),
    ("v=spf1 exists:%{p}.by.example.org -all", "192.0.2.11", "fail"),
    ("v=spf1 a:%{h} -all", PEER, "pass"),
    ("v=spf1 a:%{H} -all", PEER, "pass"),
    ("v=spf1 a:a%%b%_%_c%-d.example.org -all", PEER, "pass"),
    ("v=spf1 exists:%(ir).example.org ?all", PEER, "permerror"),
    ("v=spf1 exists:foo%.example.org ?all", PEER, "permerror"),
    ("v=spf1 exists:%{a}.example.org ?all", PEER, "permerror"),
    ("v=spf1 exists:%{d0}.example.org ?all", PEER, "permerror"),
    ("v=spf1 exists:%{i.example.org ?all", PEER, "permerror"),
    ("v=spf1 exists:%{c}.example.org ?all", PEER, "permerror"),
    # Limits, section 4.6.4
    ("v=spf1 include:loop.example.org", PEER, "permerror"),
    ("v=spf1 redirect=round.example.org", PEER, "permerror"),
    ("v=spf1 a mx:near.example.org a ptr:x.example a a a a a a ip4:192.0.2.10", PEER, "pass"),
    ("v=spf1" + " a" * 10 + " ip4:192.0.2.10 -all", PEER, "pass"),
    ("v=spf1" + " a" * 11 + " ip4:192.0.2.10 -all", PEER, "permerror"),
    ("v=spf1 a include:eight.example.org ip4:192.0.2.10 mx -all", PEER, "pass"),
    ("v=spf1 a include:eight.example.org a ip4:192.0.2.10 -all", PEER, "permerror"),
    ("v=spf1 a:x.example.org mx:y.example.org ?all", PEER, "neutral"),
    ("v=spf1 a:x.example.org mx:y.example.org exists:z.example.org ?all", PEER, "permerror"),
]


@pytest.mark.parametrize(("record", "peer", "kind"), ROWS)
def test_a_record_says_of_a_client(record, peer, kind):
    assert kindOf(record, peer) == kind


# Section 4.3: the domain that is asked

LONG = "x" * 63


@pytest.mark.parametrize(
    ("sender", "helo", "kind", "domain"),
    [
        ("<ann@fail.example.org>", "h", "fail", "fail.example.org"),
        ("ann@Fail.Example.Org.", "h", "fail", "fail.example.org"),
        ("<@relay.example:ann@fail.example.org>", "h", "fail", "fail.example.org"),
        ('<"a@b c"@fail.example.org>', "h", "fail", "fail.example.org"),
        ("@fail.example.org", "h", "fail", "fail.example.org"),
        ("<>", "fail.example.org", "fail", "fail.example.org"),
        ("", "pass.example.org", "pass", "pass.example.org"),
        ("<>", "OEMCOMPUTER", "none", "oemcomputer"),
        ("<>", "[192.0.2.10]", "none", "[192.0.2.10]"),
        ("<>", "", "none", ""),
        ("<ann@[192.0.2.10]>", "h", "none", "[192.0.2.10]"),
        (f"<ann@x{LONG}.example.org>", "h", "none", f"x{LONG}.example.org"),
        ("<ann@a...example.org>", "h", "none", "a...example.org"),
        ("<ann@pass.\u00e9xample.org>", "h", "none", "pass.\u00e9xample.org"),
        ("<ann@nowhere.example.org>", "h", "none", "nowhere.example.org"),
        ("<ann@slow.example.org>", "h", "temperror", "slow.example.org"),
    ],
)
def test_the_domain_of_the_sender_is_asked_and_that_of_helo_for_the_null_sender(
    sender, helo, kind, domain
):
    found = resultIn(zoneOf(), PEER, sender, helo)
    assert (found.kind, found.domain) == (kind, domain)


def test_the_null_sender_is_postmaster_of_its_helo():
    zone = zoneOf(
        helo__example={"TXT": (b"v=spf1 exists:%{l}.%{o}.%{s} -all",)},
        **{"postmaster.helo.example.postmaster@helo.example": {"A": ("127.0.0.2",)}},
    )
    assert resultIn(zone, PEER, "<>", "helo.example").kind == "pass"


def test_a_client_without_an_address_is_not_judged():
    asked = []
    assert resultIn(zoneOf(), "/run/mail", "ann@example.org", asked=asked).kind == "none"
    assert asked == []


# Section 4.5: one record, and no other


@pytest.mark.parametrize(
    ("records", "kind"),
    [
        ((b"v=spf10", b"v=spf1 -all"), "fail"),
        ((b"v=spf1mx",), "none"),
        ((b"\x96", b"v=spf1 -all"), "fail"),
        ((b"v=spf1 -all", b"v=spf1 -all"), "permerror"),
        ((b"v=spf1 -all", b"V=sPf1 +all"), "permerror"),
        ((b"google-site-verification=1", b"spf2.0/pra -all"), "none"),
        ((), "none"),
    ],
)
def test_exactly_one_record_of_spf_counts(records, kind):
    zone = zoneOf(example__org={"TXT": records})
    assert resultIn(zone, PEER, "ann@example.org").kind == kind


# Appendix A of the RFC: example.com, its mail exchanges and its policies

APPENDIX = {
    "example.com": {"MX": ("mail-a.example.com", "mail-b.example.com"),
                    "A": ("192.0.2.10", "192.0.2.11")},
    "mail-a.example.com": {"A": ("192.0.2.129",)},
    "mail-b.example.com": {"A": ("192.0.2.130",)},
    "example.org": {"MX": ("mail-c.example.org",)},
    "mail-c.example.org": {"A": ("192.0.2.140",)},
    "10.2.0.192.in-addr.arpa": {"PTR": ("example.com",)},
    "65.2.0.192.in-addr.arpa": {"PTR": ("amy.example.com",)},
    "amy.example.com": {"A": ("192.0.2.65",)},
    "140.2.0.192.in-addr.arpa": {"PTR": ("mail-c.example.org",)},
    "4.0.0.10.in-addr.arpa": {"PTR": ("bob.example.com",)},
    "bob.example.com": {"A": ("192.0.2.66",)},
    "mary.mobile-users._spf.example.com": {"A": ("127.0.0.2",)},
    "15.15.168.192.joel.remote-users._spf.example.com": {"A": ("127.0.0.2",)},
}  # fmt: skip


@pytest.mark.parametrize(
    ("record", "passing", "failing"),
    [
        ("+all", ["198.51.100.9", "192.0.2.10"], []),
        ("a -all", ["192.0.2.10", "192.0.2.11"], ["192.0.2.129"]),
        ("a:example.org -all", [], ["192.0.2.140"]),
        ("mx -all", ["192.0.2.129", "192.0.2.130"], ["192.0.2.10"]),
        ("mx:example.org -all", ["192.0.2.140"], ["192.0.2.129"]),
        ("mx mx:example.org -all", ["192.0.2.129", "192.0.2.130", "192.0.2.140"], ["192.0.2.1"]),
        ("mx/30 mx:example.org/30 -all", ["192.0.2.131", "192.0.2.143"], ["192.0.2.132"]),
        ("ptr -all", ["192.0.2.10", "192.0.2.65"], ["192.0.2.140", "10.0.0.4"]),
        ("ip4:192.0.2.128/28 -all", ["192.0.2.129", "192.0.2.140"], ["192.0.2.65"]),
        ("exists:%{l1r-}.mobile-users._spf.%{d} -all", ["198.51.100.9"], []),
        ("exists:%{ir}.%{l1r+-}.remote-users._spf.%{d} -all", [], ["192.168.15.15"]),
    ],
)
def test_the_examples_of_appendix_a_are_as_the_standard_says(record, passing, failing):
    zone = dict(APPENDIX)
    zone["example.com"] = APPENDIX["example.com"] | {"TXT": (f"v=spf1 {record}".encode(),)}
    found = {peer: resultIn(zone, peer, "mary@example.com").kind for peer in passing + failing}
    assert found == dict.fromkeys(passing, "pass") | dict.fromkeys(failing, "fail")


def test_a_user_whose_list_has_the_address_passes():
    record = b"v=spf1 exists:%{ir}.%{l1r+-}.remote-users._spf.%{d} -all"
    zone = APPENDIX | {"example.com": {"TXT": (record,)}}
    assert resultIn(zone, "192.168.15.15", "joel+list@example.com").kind == "pass"
    assert resultIn(zone, "192.168.15.15", "list+joel@example.com").kind == "fail"


# Section 7.4: macros, as the standard expands them

VALUES = {
    "s": "strong-bad@email.example.com",
    "l": "strong-bad",
    "o": "email.example.com",
    "d": "email.example.com",
    "i": "192.0.2.3",
    "v": "in-addr",
    "h": "mx.example.org",
    "p": "mx.example.org",
}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{d1}", "com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l}", "strong-bad"),
        ("%{l-}", "strong.bad"),
        ("%{lr}", "strong-bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
        ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
        ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
        ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        ("%{S}", "strong-bad%40email.example.com"),
        ("%%%_%-", "% %20"),
    ],
)
def test_macros_expand_as_the_standard_shows(text, expanded):
    assert expand(text, VALUES) == expanded


def test_an_ipv6_address_expands_to_its_half_octets():
    values = VALUES | {"i": dotted(ip_address("2001:db8::cb01")), "v": "ip6"}
    assert expandedName("%{ir}.%{v}._spf.%{d2}", values) == (
        "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com"
    )


def test_several_delimiters_split_at_each():
    assert expand("%{l2r+-}", {"l": "foo-bar+zip+quux"}) == "bar.foo"


def test_a_name_over_253_octets_loses_labels_from_its_left():
    values = {"o": "somewhat.long.example.com"}
    name = expandedName("first." + ".".join(["%{o}"] * 11), values)
    lost = f"first.{'.'.join([values['o']] * 11)}".removesuffix(f".{name}")
    assert len(name) <= 253 < len(f"{lost.split('.')[-1]}.{name}")


def test_the_name_within_the_domain_is_preferred_for_a_macro():
    asked = []
    record = "v=spf1 exists:%{p}.by.example.org -all"
    assert kindOf(record, asked=asked) == "pass"
    assert ("mx.example.net", "A") not in asked


# What it says, and what greylisting makes of it


def test_a_result_names_the_domain_and_the_term_that_matched():
    zone = zoneOf(example__org={"TXT": (b"v=spf1 a INCLUDE:pass.example.org -all",)})
    found = resultIn(zone, PEER, "ann@example.org")
    assert found == SPFResult("pass", "example.org", "INCLUDE:pass.example.org")


def test_a_redirected_result_keeps_the_domain_that_was_asked():
    zone = zoneOf(example__org={"TXT": (b"v=spf1 redirect=pass.example.org",)})
    found = resultIn(zone, PEER, "ann@example.org")
    assert (found.domain, found.mechanism) == ("example.org", "ip4:192.0.2.0/24")


def test_an_error_says_what_is_wrong():
    zone = zoneOf(example__org={"TXT": (b"v=spf1 ip4:192.0.2 -all",)})
    assert resultIn(zone, PEER, "ann@example.org").reason == "'ip4:192.0.2' is not a term of SPF"
    found = resultIn(zone, PEER, "ann@slow.example.org")
    assert (found.kind, found.reason) == ("temperror", "no answer")


@pytest.mark.parametrize(
    ("record", "peer", "key"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", PEER, "spf:example.org"),
        ("v=spf1 ip4:192.0.0.0/8 -all", PEER, "spf:example.org"),
        ("v=spf1 ip4:192.0.0.0/7 -all", PEER, PEER),
        ("v=spf1 ip6:2000::/12 -all", "2001:db8::1", "spf:example.org"),
        ("v=spf1 ip6:2000::/11 -all", "2001:db8::1", "2001:db8::1"),
        ("v=spf1 +all", PEER, PEER),
        ("v=spf1 ip4:192.0.2.0/24 +all", PEER, "spf:example.org"),
        ("v=spf1 a/7 -all", PEER, PEER),
        ("v=spf1 a:near.example.org/24 -all", PEER, "spf:example.org"),
        ("v=spf1 mx//3 -all", PEER6, PEER6),
        ("v=spf1 ptr -all", PEER, "spf:example.org"),
        ("v=spf1 exists:four.example.org -all", PEER, PEER),
        ("v=spf1 exists:%{ir}.in-addr.list.example.org -all", PEER, "spf:example.org"),
        ("v=spf1 include:pass.example.org -all", PEER, "spf:example.org"),
        ("v=spf1 include:everybody.example.org -all", PEER, PEER),
        ("v=spf1 redirect=everybody.example.org", PEER, PEER),
        ("v=spf1 ?ip4:192.0.2.0/24 -all", PEER, PEER),
        ("v=spf1 -all", PEER, PEER),
        ("v=spf1 moo", PEER, PEER),
    ],
)
def test_the_key_is_the_domain_that_answers_for_a_client_but_never_for_all_clients(
    record, peer, key
):
    zone = zoneOf(
        example__org={"TXT": (record.encode(),)},
        everybody__example__org={"TXT": (b"v=spf1 all",)},
    )
    assert keyOf(resultIn(zone, peer, "Ann@Example.ORG"), peer) == key


# Hostile records


class Everything(dict):
    """A zone that has the same records for any name."""

    def __init__(self, **records):
        super().__init__()
        self.records = records

    def get(self, name, otherwise):
        return self.records


# 10 terms, each with its question, 11 for the client's name, and 10 exchanges; and the first
MOST_QUESTIONS = 1 + 10 * (1 + 11 + 10)
LATIN = st.binary(max_size=200)
SOME = """a mx ptr all include:%{d} include:%{i}.%{d} exists:%{p}.x.org a:%{p} mx:%{p}
ip4:1.2.3.4 ip6:::1 redirect=%{h} exp=%{l}.org -mx ~a/3//4 ?ptr:b.org moo x=%{t} a:%{l200r-}.org
include:%{s} exists:%{S}.%{H} %{ a:% %%"""
TERMS = st.lists(st.sampled_from(SOME.split()), max_size=14).map(
    lambda terms: " ".join(terms).encode()
)
NAMES = st.lists(st.text(max_size=70) | st.just("mx.example.org"), max_size=12).map(tuple)


@given(LATIN | TERMS, NAMES, NAMES, st.text(max_size=80), st.text(max_size=80))
def test_any_record_gives_a_result_after_bounded_work(record, names, addresses, helo, local):
    asked = []
    zone = Everything(TXT=(b"v=spf1 " + record,), PTR=names, MX=names, A=addresses)
    found = resultIn(zone, PEER, f"{local}@example.org", helo, asked)
    assert found.kind in KINDS
    assert len(asked) <= MOST_QUESTIONS
    assert all(isName(each.name) for each in asked)


MANY = 400_000  # with work for each pair of octets, a record would take hours


@pytest.mark.parametrize(
    "record",
    [
        b"a:" + b"." * MANY,
        b"a:" + b"a." * (MANY // 2) + b"!",
        b"a:" + b"a-" * (MANY // 2),
        b"a:x." + b"1" * MANY,
        b"a:" + b"%{d" + b"." * MANY,
        b"a:" + b"%{d}" * (MANY // 4) + b"!",
        b"a:" + b"/1" * (MANY // 2),
        b"x=" + b"%%" * (MANY // 2) + b"%",
        b"ip6:" + b":" * MANY,
        b"ip4:" + b"1." * (MANY // 2),
        b"a " * (MANY // 2) + b"moo",
    ],
    ids=lambda record: record[:8].decode(),
)
def test_a_long_record_takes_linear_time(record, monkeypatch):
    monkeypatch.setattr(Record, "LONGEST_RECORD", 2 * MANY)
    with pytest.raises(BadPolicy, match="is not a term of SPF"):
        parsePolicy(b"v=spf1 " + record)


def test_a_record_that_is_too_long_is_not_read():
    parsePolicy(b"v=spf1".ljust(LONGEST_RECORD))
    with pytest.raises(BadPolicy, match="more than 8192 octets"):
        parsePolicy(b"v=spf1".ljust(LONGEST_RECORD + 1))


def test_macros_that_make_a_million_labels_are_expanded_without_work_for_each_pair_of_them():
    zone = zoneOf(example__org={"TXT": (b"v=spf1 exists:" + b"%{l}." * 1600 + b"%{d} -all",)})
    assert resultIn(zone, PEER, f"{'a.' * 1000}@example.org").kind == "fail"


def test_a_name_without_a_dot_in_its_last_253_octets_is_none():
    assert not isName(expandedName("%{l}", {"l": "x" * 300}))
    assert expandedName("y.%{l}", {"l": "x" * 251}) == f"y.{'x' * 251}"
    assert expandedName("yy.%{l}", {"l": "x" * 251}) == "x" * 251
