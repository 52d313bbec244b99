"""The historical configuration file, read as it always was and turned into today's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Apps.Grey.Support import (
    CONFIG_FILES,
    DEFAULT_CONFIG,
    SlurpFile,
    fromHistorical,
    importText,
    openConfig,
    packaged,
    parseConfigFile,
    readConfiguration,
)
from Kamaelia.Support.Greylist.Lists import Lists
from Kamaelia.Support.Mistakes import MistakesFound
from Kamaelia.Support.Settings.Configuration import parse

HISTORICAL = """\
# the greylister at example.org
port = 8025
smtp_ip = 192.0.2.1
smtp_port = 25
servername = mail.example.org
serverid = Kamaelia = SMTP

allowed_domains:
    example.org
    # and its friends

    example.net
allowed_sender_nets:
    192.168.2
    10.1.
whitelisted_triples:
    192.0.2.5 <ann@example.com> <bob@example.org>
whitelisted_nonstandard_triples:
    mx.example.com 10.9 <bob@example.org>
"""


def mistakesOf(function, *args):
    with pytest.raises(MistakesFound) as caught:
        function(*args)
    return [str(mistake) for mistake in caught.value.mistakes]


# As it always was


def test_a_file_is_its_lines(tmp_path):
    file = tmp_path / "greylist.conf"
    file.write_text("a = 1\nb = ü", encoding="utf-8")
    assert SlurpFile(str(file)) == ["a = 1\n", "b = ü"]
    assert openConfig is SlurpFile
    with pytest.raises(OSError):
        openConfig(str(tmp_path / "none"))


def test_a_comment_in_another_encoding_does_not_matter(tmp_path):
    file = tmp_path / "greylist.conf"
    file.write_bytes(b"# f\xfcr uns\na = 1\n")
    assert parseConfigFile(openConfig(str(file)), {}) == {"a": "1"}


def test_settings_lists_tuples_and_integers_are_read():
    config = parseConfigFile(HISTORICAL.splitlines(keepends=True), {"colour": "grey"})
    assert config == {
        "colour": "grey",
        "port": 8025,
        "smtp_ip": "192.0.2.1",
        "smtp_port": 25,
        "servername": "mail.example.org",
        "serverid": "Kamaelia = SMTP",
        "allowed_domains": ["example.org", "example.net"],
        "allowed_sender_nets": ["192.168.2", "10.1."],
        "whitelisted_triples": [("192.0.2.5", "<ann@example.com>", "<bob@example.org>")],
        "whitelisted_nonstandard_triples": [("mx.example.com", "10.9", "<bob@example.org>")],
    }


@pytest.mark.parametrize("last", ["name = value", "name = value\n"])
def test_the_last_line_is_whole_with_and_without_its_newline(last):
    assert parseConfigFile([last], {}) == {"name": "value"}


@pytest.mark.parametrize(
    "last", ["  item", "  item\n", "  item\n\n", "  item\n  # end", "  item\n \n#"]
)
def test_a_list_may_end_the_file_in_any_way(last):
    lines = f"names:\n  first\n{last}".splitlines(keepends=True)
    assert parseConfigFile(lines, {}) == {"names": ["first", "item"]}


def test_a_value_keeps_its_equals_signs():
    assert parseConfigFile(["a = b=c = d"], {}) == {"a": "b=c = d"}
    assert parseConfigFile(["a ="], {}) == {"a": ""}


def test_empty_lines_and_comments_within_a_list_are_no_items_and_do_not_end_it():
    lines = [
        "names:",
        "",
        "  a",
        "# comment",
        "    # comment",
        "   ",
        "\tb",
        "other = 1",
        "  c = 2",
    ]
    assert parseConfigFile(lines, {}) == {"names": ["a", "b"], "other": "1", "c": "2"}


def test_a_list_may_be_empty_and_two_may_follow_each_other():
    assert parseConfigFile(["a:", "b:", " x=1 y:", "c:"], {}) == {
        "a": [],
        "b": [("x=1", "y:")],
        "c": [],
    }


def test_the_items_of_a_list_join_the_defaults_which_stay_as_they_were():
    default = {"names": ["a"], "none": None}
    config = parseConfigFile(["names:", " b", "none:", " c", "names:", " d"], default)
    assert config == {"names": ["a", "b", "d"], "none": ["c"]}
    assert default == {"names": ["a"], "none": None}


def test_a_list_takes_the_place_of_a_value():
    assert parseConfigFile(["port:", " 1"], {"port": 25}) == {"port": ["1"]}


def test_an_integer_that_is_none_is_said_with_its_line_and_name():
    lines = ["", "port = 25x", "inactivity_timeout = 60", "smtp_port ="]
    assert mistakesOf(parseConfigFile, lines, {}) == [
        "line 2: port is '25x', which is not a whole number: write digits",
        "line 4: smtp_port is '', which is not a whole number: write digits",
    ]
    with pytest.raises(ValueError, match="line 1: size"):
        parseConfigFile(["size = big"], {}, ["size"])


def test_a_line_that_means_nothing_is_said():
    mistakes = mistakesOf(parseConfigFile, ["what is this", "= 5", ":"], {})
    assert [mistake[:7] for mistake in mistakes] == ["line 1:", "line 2:", "line 3:"]


NAMES = st.from_regex(r"[a-z_]{1,10}", fullmatch=True)
WORDS = st.from_regex(r"[^\s#][^\s]{0,10}", fullmatch=True)
VALUES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)


@given(st.dictionaries(NAMES, VALUES | st.lists(VALUES, max_size=3)), st.booleans())
def test_whatever_is_written_is_read(config, hasLastNewline):
    text = ""
    for name, value in config.items():
        isList = isinstance(value, list)
        text += (
            f"{name}:\n" + "".join(f"  {item}\n" for item in value)
            if isList
            else f"{name} = {value}\n"
        )
    lines = (text if hasLastNewline else text[:-1]).split("\n")
    items = {
        name: [item if len(item.split()) == 1 else tuple(item.split()) for item in value]
        if isinstance(value, list)
        else value
        for name, value in config.items()
    }
    assert parseConfigFile(lines, {}, ()) == items


@given(st.lists(st.text(max_size=30)))
def test_any_lines_are_a_configuration_or_mistakes(lines):
    try:
        config = parseConfigFile(lines, DEFAULT_CONFIG)
    except MistakesFound:
        return
    assert set(DEFAULT_CONFIG) <= set(config)


# As it is today


def test_a_historical_file_is_a_configuration():
    configuration = readConfiguration(HISTORICAL, "greylist.conf")
    assert [str(address) for address in configuration.listen.addresses] == ["0.0.0.0:8025"]
    assert [str(address) for address in configuration.server.addresses] == ["192.0.2.1:25"]
    assert configuration.name.servername == "mail.example.org"
    assert configuration.forward.allowed_domains == ("example.org", "example.net")
    assert configuration.forward.allowed_senders == ("127.0.0.1",)
    assert configuration.log.logfile == "greylist.log"
    assert configuration.limits.inactivity_timeout == 60


def test_a_historical_file_decides_as_it_did():
    configuration = readConfiguration(HISTORICAL)
    rules = configuration.rules()
    assert (rules.too_soon, rules.min_defer_time) == (180, 3600)
    assert (rules.max_defer_time, rules.max_grey, rules.client_passes) == (25000, 3000000, 0)
    assert configuration.greylist.network_v4 == 32
    assert (configuration.greylist.decide_at, configuration.server.relay) == ("data", "replay")


def test_the_historical_whitelists_still_match_the_same_clients():
    allow = readConfiguration(HISTORICAL).allow
    lists = Lists(triples=allow.triples, heloTriples=allow.helo_triples)
    assert lists.triple("192.0.2.5", "x", "<ann@example.com>", "<bob@example.org>")
    assert lists.triple("10.9.1.1", "mx.example.com", "<any@x.org>", "<bob@example.org>")
    assert lists.triple("10.99.1.1", "mx.example.com", "<any@x.org>", "<bob@example.org>") is None


def test_the_dict_and_the_lines_mean_the_same():
    lines = HISTORICAL.splitlines(keepends=True)
    config = parseConfigFile(lines, DEFAULT_CONFIG)
    assert fromHistorical(config) == readConfiguration(HISTORICAL)
    assert fromHistorical({"smtp_ip": "::1"}).server.addresses[0].host == "::1"


def test_what_is_imported_says_the_same_in_toml():
    text = importText(HISTORICAL.splitlines(), "/etc/greylist.conf")
    assert text.startswith("# Converted from /etc/greylist.conf.")
    assert parse(text) == readConfiguration(text) == readConfiguration(HISTORICAL)


def test_toml_is_told_from_a_historical_file():
    text = packaged("kamaelia-grey.toml")
    assert readConfiguration(text) == parse(text)
    assert readConfiguration("\ufeff" + text) == parse(text)
    assert readConfiguration("\ufeff" + HISTORICAL) == readConfiguration(HISTORICAL)
    assert readConfiguration("forward.allowed_domains = ['a.org']").forward.allowed_domains
    for text in ("# nothing\n", "", "port = 25\n[log]"):
        with pytest.raises(MistakesFound, match="allowed_domains in"):
            readConfiguration(text)


def test_all_mistakes_of_a_historical_file_have_their_lines():
    text = """
prot = 25
port = 99999
allowed_senders:
    192.0.2.1
    10.1
allowed_domains:
    a b
what
inactivity_timeout = x
whitelisted_triples:
    one two
"""
    mistakes = mistakesOf(readConfiguration, text, "greylist.conf")
    starts = [mistake.partition(": ")[0] for mistake in mistakes]
    assert starts == [f"greylist.conf line {line}" for line in (2, 3, 6, 8, 9, 10, 12)]
    assert "unknown setting `prot`: there are allowed_domains" in mistakes[0]


def test_a_list_for_a_value_and_a_value_for_a_list_are_mistakes():
    text = "port:\n 25\nallowed_domains = example.org\ninactivity_timeout:"
    assert mistakesOf(readConfiguration, text) == [
        "line 1: port is one value, not a list: write port = value",
        "line 3: allowed_domains is a list: write allowed_domains: and its items below, indented",
        "line 4: inactivity_timeout is one value, not a list: write inactivity_timeout = value",
    ]
    assert "is a list" in mistakesOf(fromHistorical, {"allowed_domains": "example.org"})[0]


def test_an_unknown_name_in_the_dict_is_a_mistake():
    assert "unknown setting `prot`" in mistakesOf(fromHistorical, {"prot": 25})[0]


def test_the_file_is_looked_for_where_it_always_was():
    assert CONFIG_FILES[:2] == (
        "/usr/local/etc/Kamaelia/greylist.conf",
        "/usr/local/etc/greylist.conf",
    )
    assert CONFIG_FILES[4:6] == ("greylist.conf", "/usr/local/etc/Kamaelia/greylist.conf.dist")
    assert len(CONFIG_FILES) == 10


@given(st.text(max_size=200))
def test_any_text_is_a_configuration_or_mistakes(text):
    try:
        readConfiguration(text)
    except MistakesFound as error:
        mistakes = error.mistakes
    else:
        mistakes = None
    assert mistakes is None or len(mistakes) > 0


PLAUSIBLE = st.sampled_from(
    [
        "10.1",
        "192.0.2.1",
        "example.org",
        "*.example.org",
        "25",
        "0",
        "99999",
        "::1",
        "<>",
        "a b",
        "x",
    ]
)


@given(
    st.dictionaries(
        st.sampled_from(sorted(DEFAULT_CONFIG)), PLAUSIBLE | st.lists(PLAUSIBLE, max_size=2)
    )
)
def test_whatever_can_be_imported_says_the_same_in_toml(config):
    lines = []
    for name, value in config.items():
        isList = isinstance(value, list)
        lines += [f"{name}:", *(f" {item}" for item in value)] if isList else [f"{name} = {value}"]
    try:
        configuration = readConfiguration("\n".join(lines) or "port = 25")
    except MistakesFound:
        return
    assert parse(importText(lines)) == configuration
