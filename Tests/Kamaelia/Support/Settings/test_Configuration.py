"""The configuration: what may be written, what it means, and what is said of a mistake."""

import dataclasses
import pickle
import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Apps.Grey.Support import packaged
from Kamaelia.Support.Greylist.Rules import Rules
from Kamaelia.Support.Protocol.SMTP.Relay import STAGES
from Kamaelia.Support.Settings.Configuration import (
    Configuration,
    ConfigurationError,
    parse,
    sectionsOf,
)
from Kamaelia.Support.Settings.ConfigurationWarnings import warningsOf
from Kamaelia.Support.Settings.ExampleFile import example, reference, toml
from Kamaelia.Support.Settings.LimitsSection import LimitsSection
from Kamaelia.Support.Settings.Sections import STAGES as STAGES_TO_SET
from Kamaelia.Support.Settings.Sections import ForwardSection, GreylistSection
from Kamaelia.Support.Settings.SettingRow import rowsOf
from Kamaelia.Support.Settings.TomlLines import placesOf
from Kamaelia.Support.Settings.Values import (
    DURATION,
    LONGEST_TIME,
    SIZE,
    SocketAddress,
    readAddress,
    readDuration,
    readSize,
)

LEAST = '[forward]\nallowed_domains = ["example.org"]\n'


def mistakesOf(text):
    with pytest.raises(ConfigurationError) as caught:
        parse(text)
    return caught.value.mistakes


def mistakeIn(setting):
    """The only mistake of a text with one setting, such as "limits.max_errors = -1"."""
    section, _, line = setting.partition(".")
    body = f'[{section}]\nallowed_domains = ["a.org"]' if section == "forward" else f"[{section}]"
    (mistake,) = mistakesOf(f"{body}\n{line}\n{'' if section == 'forward' else LEAST}")
    assert mistake.line == (3 if section == "forward" else 2)
    return mistake.what


# The whole


def test_what_is_left_out_has_its_default():
    assert parse(LEAST) == Configuration(forward=ForwardSection(allowed_domains=("example.org",)))


def test_the_defaults_are_those_of_today():
    greylist = GreylistSection()
    assert (greylist.too_soon, greylist.min_defer_time) == (0, 300)
    assert (greylist.max_defer_time, greylist.max_grey) == (172800, 36 * 86400)
    assert (greylist.network_v4, greylist.network_v6, greylist.decide_at) == (24, 64, "rcpt")
    assert Configuration().server.relay == "live"
    assert Configuration().rules() == Rules(0, 300, 172800, 36 * 86400, 5)


def test_the_settings_of_handlers_have_their_names():
    from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler

    settings = parse(LEAST).handlerSettings("mx.example.org")
    assert settings["servername"] == "mx.example.org"
    assert [name for name in settings if not hasattr(ConcreteMailHandler, name)] == []
    named = parse(f'{LEAST}[name]\nservername = "a.example.org"').handlerSettings("x")
    assert named["servername"] == "a.example.org"


def test_the_stages_that_may_be_set_are_some():
    assert set(STAGES_TO_SET) <= set(STAGES)


def test_a_configuration_can_be_sent_to_another_process():
    configuration = parse(example())
    assert pickle.loads(pickle.dumps(configuration)) == configuration
    assert hash(configuration) == hash(parse(example()))


def test_allowed_domains_must_not_be_forgotten():
    (mistake,) = mistakesOf("")
    assert mistake.what.startswith("allowed_domains in [forward] is missing")
    (mistake,) = mistakesOf("[log]\n[forward]\nallowed_senders = []")
    assert mistake.line == 2
    assert parse("[forward]\nallowed_domains = []").forward.allowed_domains == ()


def test_all_mistakes_are_said_at_once_each_with_its_line():
    text = """port = 25
max_errors = 4
[limits]
max_messge_size = 5
servername = "x"
max_errors = "x"
[allow]
clients = [
    "10.1.2.3/8",
    "good.example.org",
    "a b",
]
[lissten]
[colours]
"""
    expected = f"""\
allowed_domains in [forward] is missing: name the domains whose mail is accepted, or write\
 allowed_domains = [] for none
line 1: `port` is in no section: it belongs in its [section]
line 2: `max_errors` is in no section: it belongs in [limits]
line 4: unknown setting `max_messge_size` in [limits]: did you mean max_message_size?
line 5: unknown setting `servername` in [limits]: it belongs in [name]
line 6: `max_errors` in [limits]: 'x' is not a whole number from 0 to 1,000,000
line 9: `clients` in [allow]: '10.1.2.3/8' has bits set beyond its first 8: write\
 10.0.0.0/8, or 10.1.2.3 alone
line 11: `clients` in [allow]: 'a b' is not a host name: write mail.example.org, or\
 *.example.org for all names below example.org
line 13: unknown section [lissten]: did you mean listen?
line 14: unknown section [colours]: there are {", ".join(sectionsOf())}"""
    assert "\n".join(map(str, mistakesOf(text))) == expected


def test_the_password_of_a_store_is_not_repeated():
    assert "hunter2" not in mistakeIn("store.url = 'mongo://me:hunter2@example.org'")


def test_a_mistake_names_the_file():
    with pytest.raises(ConfigurationError, match=r"^grey\.toml line 2: "):
        parse(f"[log]\nx = 1\n{LEAST}", "grey.toml")


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("[log]\nlevel = warning\n", 2, "Invalid value"),
        ("[log]\nlevel = 'info'\nlevel = 'info'\n", 3, "Cannot overwrite"),
        ("[log]\n\nlevel = [", 3, "Invalid value"),
        ("a = " + "[" * 100_000, 0, "nested too deeply"),
        ("a = " + "1" * 5_000, 0, "this is not TOML"),
    ],
)
def test_what_is_no_toml_is_a_mistake_with_its_line(text, line, what):
    (mistake,) = mistakesOf(text)
    assert mistake.line == line
    assert what in mistake.what


@given(st.text(max_size=200))
def test_any_text_is_a_configuration_or_a_configuration_error(text):
    try:
        parse(text)
    except ConfigurationError as error:
        mistakes = error.mistakes
    else:
        mistakes = None
    assert mistakes is None or len(mistakes) > 0


# Values


@pytest.mark.parametrize(
    ("setting", "remedy"),
    [
        ("limits.inactivity_timeout = 'soon'", "write seconds, or '30s'"),
        ("limits.inactivity_timeout = -1", "is not a duration"),
        ("limits.inactivity_timeout = inf", "is not a duration"),
        ("limits.inactivity_timeout = nan", "is not a duration"),
        ("limits.inactivity_timeout = true", "is not a duration"),
        ("limits.inactivity_timeout = '5 minutes'", "is not a duration"),
        ("limits.inactivity_timeout = '99999d'", "is not a duration"),
        ("limits.max_message_size = '32MB'", "write octets"),
        ("limits.max_message_size = -1", "is not a size"),
        ("limits.max_message_size = 1.5", "is not a size"),
        ("limits.max_errors = true", "not a whole number"),
        ("limits.max_errors = 1.0", "not a whole number"),
        ("limits.max_errors = -1", "from 0 to"),
        ("listen.addresses = '0.0.0.0:25'", "in square brackets"),
        ("listen.addresses = []", "name at least one"),
        ("listen.addresses = ['a:1', 'b:1', 'a:1']", "has an address twice"),
        ("limits.max_message_size = '9999999999999999GiB'", "is not a size"),
        ("listen.addresses = ['25']", "write host:port"),
        ("listen.addresses = ['::1:25']", "write host:port"),
        ("listen.addresses = ['a:65536']", "write host:port"),
        ("listen.addresses = ['unix:relative']", "write host:port"),
        ("listen.tls_key = 'key.pem'", "tls_certificate in [listen] is missing"),
        ("listen.tls_certificate = 'c.pem'", "tls_key in [listen] is missing"),
        ("listen.tls_more_certificates = [['c.pem', 'k.pem']]", "tls_certificate in [listen] is"),
        ("listen.tls_more_certificates = [['c.pem']]", "write [certificate, key]"),
        ("listen.tls_more_certificates = [['c.pem', '']]", "the name of a file is empty"),
        ("listen.workers = 0", "from 1 to 256"),
        ("listen.extensions = ['STARTTLS']", 'write "8BITMIME", "CHUNKING"'),
        ("listen.esmtp = 'yes'", "neither true nor false"),
        ("listen.proxy_protocol_from = ['10.1.2.3/8']", "write 10.0.0.0/8"),
        ("server.addresses = ['127.0.0.1:0']", "not an address to connect to"),
        ("server.addresses = [':25']", "not an address to connect to"),
        ("server.addresses = ['0.0.0.0:25']", "mail would loop"),
        ("server.protocol = 'pop3'", 'write "smtp" or "lmtp"'),
        ("server.smtp_timeouts = { connekt = 5 }", "connect, greeting"),
        ("server.smtp_timeouts = 5", "not a table of durations"),
        ("server.smtp_timeouts = { connect = 'x' }", "is not a duration"),
        ('server.smtp_helo = "a\\nb"', "is not printable"),
        ("name.servername = '*.example.org'", "matches several hosts"),
        ("name.servername = 'a b'", "not a host name"),
        ("forward.allowed_senders = ['10.1']", "Expected 4 octets"),
        ("forward.allowed_sender_nets = ['0.0.0.0/0']", "open relay"),
        ("greylist.min_defer_time = '3d'", "no mail could ever pass"),
        ("greylist.network_v4 = 33", "from 8 to 32"),
        ("greylist.opt_out = ['example.org']", "write @example.org"),
        ("greylist.hours = ['8-17']", "is not a part of a day"),
        (
            "greylist.delays = ['@example.org 3d']",
            "in delays: no mail could ever pass",
        ),
        ("allow.triples = [['a', 'b']]", "is not a triple"),
        ("allow.triples = [['a', 'b', 'c']]", "write an address, a sender and a recipient"),
        ("allow.helo_triples = [['a', 'b', 'c']]", "the name in HELO"),
        ("deny.client_files = ['']", "name of a file is empty"),
        ("store.url = 'mysql://x'", "write sqlite:"),
        ("store.on_failure = 'drop'", 'write "copy", "defer" or "accept"'),
        ("metrics.address = 'x'", "write host:port"),
    ],
)
def test_a_value_that_is_wrong_is_said_with_its_remedy(setting, remedy):
    assert remedy in mistakeIn(setting)


def test_a_section_that_is_none_and_workers_with_their_own_memory_are_mistakes():
    (mistake,) = mistakesOf(f"log = 5\n{LEAST}")
    assert mistake.what == "log is a section: write [log] and its settings below"
    (mistake,) = mistakesOf(f"{LEAST}[listen]\nworkers = 2\n[store]\nurl = 'memory:'")
    assert mistake.line == 6


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (5, 5),
        (0.5, 0.5),
        ("30s", 30),
        ("5m", 300),
        ("1h 30m", 5400),
        ("2d", 172800),
        ("1w", 604800),
    ],
)
def test_durations_are_seconds(written, seconds):
    assert readDuration(written) == seconds


@given(st.floats(0, LONGEST_TIME) | st.integers(0, int(LONGEST_TIME)))
def test_a_duration_is_read_as_it_was_written(seconds):
    assert readDuration(tomllib.loads(f"x = {DURATION.write(float(seconds))}")["x"]) == seconds


@given(st.integers(0, 1 << 62))
def test_a_size_is_read_as_it_was_written(octets):
    assert readSize(tomllib.loads(f"x = {SIZE.write(octets)}")["x"]) == octets


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:25", SocketAddress("127.0.0.1", 25)),
        (":25", SocketAddress("", 25)),
        ("[::1]:25", SocketAddress("::1", 25)),
        ("mx.example.org:0", SocketAddress("mx.example.org", 0)),
        ("unix:/run/grey.sock", SocketAddress(path="/run/grey.sock")),
    ],
)
def test_an_address_is_read_and_written_alike(text, address):
    assert readAddress(text) == address
    assert str(address) == text


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=5,
    )
)
def test_no_value_breaks_a_kind(value):
    for section in sectionsOf().values():
        for row in rowsOf(section):
            try:
                read = row.kind.read(value)
            except ValueError:
                continue
            written = tomllib.loads(f"x = {row.kind.write(read)}")["x"]
            assert row.kind.read(written) == read


# Places


def test_places_know_lines_through_all_that_toml_has():
    text = '''# a comment = 1
[a]
b = """
c = 1
[d]
"""
"quoted key" = 'x' # [e]
f = [ # one
  ["g", "h"], "]",

  { i = 1, j = 2 },
]
k.l = 1
[m . "n"]
o = {}
[[p]]
q = "a\\"b # c"
r = "#"
'''
    places = placesOf(text)
    assert tomllib.loads(text)
    expected = {
        "a": 2,
        ("a", "b"): 3,
        ("a", "quoted key"): 7,
        ("a", "f"): 8,
        ("a", "f", 0): 9,
        ("a", "f", 1): 9,
        ("a", "f", 2): 11,
        ("a", "k", "l"): 13,
        ("m", "n"): 14,
        ("m", "n", "o"): 15,
        "p": 16,
        ("p", "q"): 17,
        ("p", "r"): 18,
    }
    assert {place: places.get(place) for place in expected} == expected
    assert ("a", "c") not in places


KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
STRINGS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=10)


@given(st.dictionaries(KEYS, st.lists(STRINGS, max_size=4), min_size=1, max_size=6), st.data())
def test_every_setting_and_item_has_its_line(settings, data):
    from Kamaelia.Support.Settings.Values import quoted

    lines, expected = ["[s]"], {"s": 1}
    for name, items in settings.items():
        lines += [""] * data.draw(st.integers(0, 2)) + data.draw(st.sampled_from([[], ["# x = ["]]))
        lines.append(f"{name} = [")
        expected["s", name] = len(lines)
        for number, item in enumerate(items):
            lines.append(f"  {quoted(item)},  # {item if item.isprintable() else ''}")
            expected["s", name, number] = len(lines)
        lines.append("]")
    assert placesOf("\n".join(lines)) == expected
    assert tomllib.loads("\n".join(lines))["s"] == settings


@given(st.text(max_size=200))
def test_no_text_breaks_the_places_of_what_is_toml(text):
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError):
        return
    places = placesOf(text)
    assert all(name in places or any(place[0] == name for place in places) for name in tables)


# The example, the reference, and configurations as TOML


def test_the_example_is_what_the_settings_say():
    assert packaged("kamaelia-grey.toml") == example()
    assert parse(example()) == parse(LEAST)


def test_the_example_has_every_setting_once_with_its_meaning_above():
    lines = example().splitlines()
    for section, kind in sectionsOf().items():
        start = lines.index(f"[{section}]")
        for row in rowsOf(kind):
            line = next(n for n in range(start, len(lines)) if lines[n].startswith(f"{row.name} ="))
            assert lines[line - 1].startswith("# ")
    assert max(map(len, lines)) <= 80


def test_every_setting_has_a_meaning_of_one_sentence():
    for kind in sectionsOf().values():
        for row in rowsOf(kind):
            assert re.fullmatch(r"[A-Z\"].*[.]", row.meaning, re.DOTALL), row.name
            written = tomllib.loads(f"x = {row.kind.write(row.default)}")["x"]
            assert row.kind.read(written) == row.default


def test_the_reference_has_every_setting_with_its_default():
    text = reference()
    for kind in sectionsOf().values():
        for row in rowsOf(kind):
            assert f"\n``{row.name}``\n" in text
    assert '``"32MiB"``' in text


def test_a_configuration_is_written_and_read_alike():
    configuration = parse("""
[forward]
allowed_domains = ["a.example.org", "*.example.org", "b.example.org", "c.example.org", "d.org"]
[server]
addresses = ["[::1]:25", "unix:/run/lmtp"]
smtp_timeouts = { dot = "10m", connect = 5 }
[allow]
triples = [["192.0.2.1", "<>", "<b@example.org>"]]
[greylist]
min_defer_time = 61.5
[metrics]
address = "127.0.0.1:9100"
[limits]
max_message_size = "1GiB"
""")
    text = toml(configuration)
    assert parse(text) == configuration
    assert "[log]" not in text
    assert '    "*.example.org",\n' in text


def test_the_text_of_all_defaults_is_the_least_there_is():
    assert toml(parse(LEAST)) == LEAST


@given(st.data())
def test_any_change_of_a_limit_is_written_and_read_alike(data):
    names = {row.name: row for row in rowsOf(LimitsSection)}
    numbers = st.integers(0, 1_000_000)
    simple = sorted(set(names) - {"client_timeouts", "block_lists"})
    changes = data.draw(st.dictionaries(st.sampled_from(simple), numbers))
    if data.draw(st.booleans()):
        stages = st.sampled_from(CLIENT_STAGES)
        changes["client_timeouts"] = data.draw(st.dictionaries(stages, numbers))
        changes["block_lists"] = data.draw(st.lists(st.sampled_from(["bl.test", "a.example"])))
    limits = LimitsSection(
        **{name: names[name].kind.read(value) for name, value in changes.items()}
    )
    configuration = dataclasses.replace(parse(LEAST), limits=limits)
    assert parse(toml(configuration)) == configuration


CLIENT_STAGES = ("TLS", "hello", "command", "text")


@pytest.mark.parametrize(
    ("lines", "setting"),
    [
        ('smtp_tls = "must"\nsmtp_tls_name = "mx"', "smtp_tls_name"),
        ('smtp_tls = "may"\nsmtp_tls_name = "mx"', "smtp_tls_name"),
        ('smtp_tls = "no"\nsmtp_tls_name = "mx"', "smtp_tls_name"),
        ('smtp_tls_ca = "system"', "smtp_tls_ca"),
        ('smtp_tls_name = "mx"\nsmtp_tls_ca = "/ca.pem"', "smtp_tls_ca"),
    ],
)
def test_a_certificate_that_would_not_be_verified_is_a_mistake(lines, setting):
    (mistake,) = mistakesOf(f"{LEAST}[server]\n{lines}\n")
    assert mistake.what.startswith(setting)
    assert mistake.line == 4 + lines.split("\n").index(
        next(line for line in lines.split("\n") if line.startswith(setting))
    )


@pytest.mark.parametrize("authority", ["system", "/ca.pem"])
def test_a_name_in_a_certificate_with_an_authority_is_right(authority):
    server = f'smtp_tls = "must"\nsmtp_tls_name = "mx"\nsmtp_tls_ca = "{authority}"'
    assert parse(f"{LEAST}[server]\n{server}\n").server.smtp_tls_ca == authority


# The policy service

POLICY = '[policy]\naddresses = ["127.0.0.1:10023"]\n'


@pytest.mark.parametrize(
    ("more", "hasProxy"),
    [
        ("", False),
        ("[listen]\nworkers = 2", False),
        ('[forward]\nallowed_senders = ["192.0.2.1"]', False),
        ('[listen]\naddresses = ["0.0.0.0:25"]\n' + LEAST, True),
        ('[server]\naddresses = ["127.0.0.1:10025"]\n' + LEAST, True),
        ('[listen]\naddresses = []\n[server]\naddresses = ["127.0.0.1:10025"]', False),
        ('[server]\nrecipients = "ask"', False),
        ('[server]\nrecipients = "ask"\n[listen]\naddresses = ["0.0.0.0:25"]\n' + LEAST, True),
    ],
)
def test_a_policy_service_needs_neither_smtp_nor_domains(more, hasProxy):
    configuration = parse(POLICY + more)
    assert configuration.hasProxy == hasProxy
    assert configuration.policy.addresses == (SocketAddress("127.0.0.1", 10023),)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("[listen]\naddresses = []\n" + LEAST, "addresses in [listen] is empty"),
        ("[policy]\naddresses = []", "allowed_domains in [forward] is missing"),
        ("policy = 3", "policy is a section"),
        ("listen = 3\n" + POLICY, "listen is a section"),
        (POLICY + 'action = "reject"', "`action` in [policy]"),
        (
            POLICY + '[server]\nrecipients = "ask"\naddresses = []',
            "addresses in [server] is empty",
        ),
        (
            f'{POLICY}[listen]\naddresses = ["127.0.0.1:10023"]\n{LEAST}',
            "127.0.0.1:10023 is also in [listen]",
        ),
    ],
)
def test_a_mistake_about_the_policy_service_is_said(text, mistake):
    assert any(each.what.startswith(mistake) for each in mistakesOf(text))


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ('[policy]\naddresses = ["0.0.0.0:10023"]', "0.0.0.0:10023 in [policy] can be reached"),
        ('[policy]\naddresses = [":10023"]', "in [policy] can be reached"),
        (POLICY + '[greylist]\ndecide_at = "data"', "smtpd_data_restrictions"),
        (POLICY + '[greylist]\ntarpit = "2m"', "tarpit in [greylist] is 120 seconds"),
    ],
)
def test_a_policy_service_that_is_probably_not_intended_is_a_warning(text, warning):
    (what,) = warningsOf(parse(text), "localhost")
    assert warning in what


@pytest.mark.parametrize("address", ["127.0.0.1:1", "[::1]:1", "localhost:1", "unix:/run/policy"])
def test_a_policy_service_on_this_machine_is_no_warning(address):
    assert list(warningsOf(parse(f'[policy]\naddresses = ["{address}"]'), "localhost")) == []


@pytest.mark.parametrize(
    ("workers", "url", "more", "warns"),
    [
        (2, "redis://127.0.0.1", "", True),
        (2, "redis://127.0.0.1", "copy = 'sqlite:/copy.db'", False),
        (2, "redis://127.0.0.1", "on_failure = 'defer'", False),
        (1, "redis://127.0.0.1", "", False),
        (2, "sqlite:/grey.db", "", False),
    ],
)
def test_workers_that_do_not_share_a_copy_are_a_warning(
    workers: int, url: str, more: str, warns: bool
) -> None:
    configuration = parse(
        "[forward]\nallowed_domains = []\n"
        f"[listen]\nworkers = {workers}\n[store]\nurl = '{url}'\n{more}\n"
    )
    found = [text for text in warningsOf(configuration, "a.example.org") if "copy" in text]
    assert bool(found) is warns
