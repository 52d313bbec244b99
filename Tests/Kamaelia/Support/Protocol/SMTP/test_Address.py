"""Paths and parameters, as RFC 5321 section 4.1.2 writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.SMTP.Address import (
    MAIL_PARAMETERS,
    BadParameter,
    BadPath,
    LongPath,
    PathSyntax,
    domainOf,
    readEnvelope,
)


@pytest.mark.parametrize(
    "path",
    [
        "<>",
        "<a@b>",
        "<A.b+c=d@Example.ORG>",
        "<!#$%&'*+-/=?^_`{|}~@example.org>",
        '<"a b"@example.org>',
        '<"a@b"@example.org>',
        '<abc."defghi".xyz@example.org>',
        '<"a b".c."@"@example.org>',
        '<"a\\"b\\\\"@example.org>',
        "<a@my_host.example>",
        "<a@x--y.example>",
        "<a@[192.0.2.1]>",
        "<a@[IPv6:2001:db8::1]>",
        "<a@[ipv6:::ffff:192.0.2.1]>",
        "<postmaster>",
        "<POSTMASTER>",
        "<é@例え.example>",
        '<""@b>',
        "<.a@b>",
        "<a.@b>",
        "<a..b@c>",
        "<a@b.>",
        "<a@b->",
        "<SRS0+abcd=EF=list-8b506e99-" + 150 * "x" + "=example.com=u@example.org>",
    ],
)
def test_a_path_is_read_with_its_brackets(path):
    for argument, parameters in ((path, {}), (f" {path} SIZE=1", {"SIZE": "1"})):
        envelope = readEnvelope(argument, MAIL_PARAMETERS)
        assert (envelope.path, envelope.parameters) == (path, parameters)


@pytest.mark.parametrize(
    "argument",
    [
        "",
        " ",
        "<",
        "a@b",
        "<a@b",
        "a@b>",
        "<<a@b>>",
        '<a"b"@c>',
        '<"a"b@c>',
        '<"a""b"@c>',
        '<a."b@c>',
        '<a."b".@"@c>',
        "<a@b>x",
        "<a>",
        "<@>",
        "<a@>",
        "<@b>",
        "<a@b@c>",
        "<a b@c>",
        "<a@b..c>",
        "<a@b..>",
        "<a@.b>",
        "<a@.>",
        "<a@-b>",
        "<a,b@c>",
        "<a;b@c>",
        "<a:b@c>",
        "<a\\@b>",
        "<a[b]@c>",
        "<a\tb@c>",
        "<a@b c>",
        '<"a@b>',
        '<"a\\"@b>',
        "<(x)a@b>",
        "<a@[]>",
        "<a@[192.0.2]>",
        "<a@[192.0.2.256]>",
        "<a@[IPv6:xyz]>",
        "<a@[2001:db8::1]>",
        "<a@[tag:what]>",
        "<@x:a>",
        "<@x,a@b>",
        "<x:a@b>",
        "<@:a@b>",
        "<postmasters>",
        "<a\u0085@b>",
        "<a\udc80@b>",
        "<po\u017ftmaster>",
    ],
)
def test_what_is_no_path_is_refused(argument):
    with pytest.raises(BadPath):
        readEnvelope(argument, MAIL_PARAMETERS)


def test_a_source_route_is_left_out():
    assert readEnvelope("<@x.example,@y.example:a@b>", MAIL_PARAMETERS).path == "<a@b>"


@pytest.mark.parametrize(
    ("local", "domain", "isGood"),
    [
        ("a" * 252, "b", True),
        ("a" * 253, "b", False),
        ("é" * 126, "b", True),
        ("é" * 126, "bc", False),
        ("a", "b." * 125 + "cd", True),
        ("a", "b." * 126 + "c", False),
    ],
)
def test_lengths_are_counted_in_octets(local, domain, isGood):
    path = f"<{local}@{domain}>"
    if isGood:
        assert readEnvelope(path, MAIL_PARAMETERS).path == path
    else:
        with pytest.raises(LongPath, match="octets"):
            readEnvelope(path, MAIL_PARAMETERS)


def test_parameters_have_names_in_capitals():
    envelope = readEnvelope("<a@b> size=7 Body=8BITMIME X-New=1 flag", MAIL_PARAMETERS)
    assert envelope.parameters == {"SIZE": "7", "BODY": "8BITMIME", "X-NEW": "1", "FLAG": ""}


@pytest.mark.parametrize(
    "parameters",
    [
        "SIZE",
        "SIZE=",
        "SIZE=-1",
        "SIZE=1 size=2",
        "=1",
        "-A",
        "A==",
        "SIZE=\u0661",
        "\u017fIZE=1",
        "A=\x01",
    ],
)
def test_a_bad_parameter_is_refused(parameters):
    with pytest.raises(BadParameter):
        readEnvelope(f"<a@b> {parameters}", MAIL_PARAMETERS)


ANY = PathSyntax(mayOmitBrackets=True, mayOmitDomain=True)


@pytest.mark.parametrize("syntax", [PathSyntax(), PathSyntax(True), PathSyntax(False, True), ANY])
@given(st.text(max_size=60) | st.text(alphabet='ab@.<>"\\ \t[]:,', max_size=20))
def test_any_text_is_a_path_or_refused(syntax, text):
    for argument in (text, f"<{text}>", f"<{text}@b>", f"<a@{text}>", f"<a@b> {text}"):
        try:
            path = readEnvelope(argument, MAIL_PARAMETERS, syntax).path
        except (BadPath, BadParameter):
            continue
        assert path.startswith("<")
        assert path.endswith(">")
        assert path[1:-1] in argument
        assert path.isprintable() or not path.isascii()
        assert readEnvelope(path, MAIL_PARAMETERS, syntax).path == path


def test_only_a_lenient_syntax_accepts_a_path_without_brackets_or_domain():
    for argument, syntax in (("a@b", PathSyntax(True)), ("<root>", PathSyntax(False, True))):
        assert readEnvelope(argument, {}, syntax).path == f"<{argument.strip('<>')}>"
        with pytest.raises(BadPath):
            readEnvelope(argument, {})


@pytest.mark.parametrize(
    ("path", "domain"),
    [
        ("<a@B.Example>", "b.example"),
        ('<"a@b"@c>', "c"),
        ("<postmaster>", ""),
        ("<>", ""),
        ("<a@[192.0.2.1]>", "[192.0.2.1]"),
        ("<a@b.example.>", "b.example"),
    ],
)
def test_the_domain_is_what_follows_the_last_at(path, domain):
    assert domainOf(path) == domain
