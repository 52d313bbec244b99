"""Reads the historical configuration file and converts it to a Configuration.

Example usage::

    >>> lines = ["port = 8025", "allowed_domains:", "    example.org", "smtp_ip = 192.0.2.1"]
    >>> parseConfigFile(lines, {})
    {'port': 8025, 'allowed_domains': ['example.org'], 'smtp_ip': '192.0.2.1'}
    >>> str(parseHistorical(lines).server.addresses[0])
    '192.0.2.1:8025'

How does it work?

A line is `name = value`, or `name:` followed by indented lines with the items of a list. An item
with spaces becomes a tuple of its words. Empty lines and lines that begin with # are ignored. The
file is converted to the tables of a TOML file, so the same checks apply to both. The decisions
remain the historical ones: the times, the whole address as the client, at DATA, and by replay.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from Kamaelia.Support.Mistakes import Mistake, MistakesFound
from Kamaelia.Support.Settings.Configuration import Configuration, configurationOf
from Kamaelia.Support.Settings.ExampleFile import toml
from Kamaelia.Support.Settings.TomlLines import Place

INTEGERS = ("port", "smtp_port", "inactivity_timeout")
DEFAULT_CONFIG: dict[str, Any] = {
    "allowed_domains": [],
    "allowed_sender_nets": [],
    "allowed_senders": ["127.0.0.1"],
    "port": 25,
    "greylist_log": "greylist.log",
    "greylist_debuglog": "greylist-debug.log",
    "inactivity_timeout": 60,
    "serverid": "Kamaelia-SMTP 1.0",
    "servername": "mail.example.com",
    "smtp_ip": "127.0.0.1",
    "smtp_port": 8025,
    "whitelisted_nonstandard_triples": [],
    "whitelisted_triples": [],
}
# The settings with which the historical policy decided.
HISTORICAL_SETTINGS: dict[str, dict[str, Any]] = {
    "server": {"relay": "replay"},
    "greylist": {
        "too_soon": 180,
        "min_defer_time": 3600,
        "max_defer_time": 25000,
        "max_grey": 3000000,
        "client_passes": 0,
        "network_v4": 32,
        "network_v6": 128,
        "decide_at": "data",
        "null_senders": "greylist",
        "large_senders": False,
    },
}
IMPORTED = """\
# Converted from {source}. The settings in [greylist], and relay, keep the historical
# behaviour. Remove them to use the present defaults.

"""


class Home(NamedTuple):
    """The present section, name and value of a historical setting."""

    section: str
    name: str
    value: Callable[[Any, Mapping[str, Any]], Any] = lambda value, config: value


def _asLists(value: Any, config: Mapping[str, Any]) -> Any:
    return [list(item) if isinstance(item, tuple) else item for item in value]


HOMES = {
    "allowed_domains": Home("forward", "allowed_domains", _asLists),
    "allowed_sender_nets": Home("forward", "allowed_sender_nets", _asLists),
    "allowed_senders": Home("forward", "allowed_senders", _asLists),
    "port": Home("listen", "addresses", lambda port, config: [f"0.0.0.0:{port}"]),
    "greylist_log": Home("log", "logfile"),
    "greylist_debuglog": Home("log", "debuglogfile"),
    "inactivity_timeout": Home("limits", "inactivity_timeout"),
    "serverid": Home("name", "serverid"),
    "servername": Home("name", "servername"),
    "smtp_ip": Home(
        "server", "addresses", lambda host, config: [_address(host, config["smtp_port"])]
    ),
    "smtp_port": Home(
        "server", "addresses", lambda port, config: [_address(config["smtp_ip"], port)]
    ),
    "whitelisted_nonstandard_triples": Home("allow", "helo_triples", _asLists),
    "whitelisted_triples": Home("allow", "triples", _asLists),
}


def _address(host: object, port: object) -> str:
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"


class Statement(NamedTuple):
    """A setting of the file; `lines` has the line of each item of a list."""

    line: int
    name: str
    value: Any
    lines: list[int] | None = None


def parseConfigFile(
    lines: Iterable[str],
    default_config: Mapping[str, Any],
    things_which_are_ints: Iterable[str] = INTEGERS,
) -> dict[str, Any]:
    """Return `default_config` with the settings in `lines`; items are appended to its lists.

    Raise MistakesFound, a ValueError, for invalid lines and integers.
    """
    mistakes: list[Mistake] = []
    config = _configOf(_statements(lines, things_which_are_ints, mistakes), default_config)
    if mistakes:
        raise MistakesFound(mistakes)
    return config


def _configOf(statements: Iterable[Statement], default: Mapping[str, Any]) -> dict[str, Any]:
    config = copy.deepcopy(dict(default))
    for statement in statements:
        if statement.lines is None:
            config[statement.name] = statement.value
        else:
            already = config.get(statement.name)
            items = already if isinstance(already, list) else []
            config[statement.name] = [*items, *statement.value]
    return config


def _statements(
    lines: Iterable[str], integers: Iterable[str], mistakes: list[Mistake]
) -> Iterator[Statement]:
    """Yield each setting; add a mistake for each invalid line."""
    whole = set(integers)
    begun: Statement | None = None
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if begun is not None and begun.lines is not None and line[0] in " \t":
            words = text.split()
            begun.value.append(text if len(words) == 1 else tuple(words))
            begun.lines.append(number)
            continue
        if begun is not None:
            yield begun
        begun = _statement(number, text, whole, mistakes)
    if begun is not None:
        yield begun


def _statement(
    number: int, text: str, integers: set[str], mistakes: list[Mistake]
) -> Statement | None:
    name, equals, value = (part.strip() for part in text.partition("="))
    if equals and name in integers:
        try:
            return Statement(number, name, int(value))
        except ValueError:
            what = f"{name} is {value!r}, which is not a whole number: write digits"
            mistakes.append(Mistake(what, line=number))
            return None
    if equals and name:
        return Statement(number, name, value)
    if not equals and text.endswith(":") and text[:-1].strip():
        return Statement(number, text[:-1].strip(), [], [])
    what = f"{text!r} is not a setting: write name = value, or name: and indented lines below it"
    mistakes.append(Mistake(what, line=number))
    return None


def fromHistorical(config: Mapping[str, Any]) -> Configuration:
    """Convert a historical configuration. Raise MistakesFound for invalid settings."""
    return _converted(config, {}, "")


def parseHistorical(lines: Iterable[str], source: str = "") -> Configuration:
    """Convert the lines of a file like fromHistorical(), with the line of each mistake."""
    mistakes: list[Mistake] = []
    statements = list(_statements(lines, INTEGERS, mistakes))
    known = []
    for statement in statements:
        if wrong := _wrongWith(statement.name, statement.value):
            mistakes.append(Mistake(wrong, line=statement.line))
        else:
            known.append(statement)
    try:
        configuration = _converted(_configOf(known, DEFAULT_CONFIG), _placesOf(known), source)
    except MistakesFound as error:
        mistakes += error.mistakes
    if mistakes:
        raise MistakesFound(each._replace(source=source) for each in mistakes)
    return configuration


def importText(lines: Iterable[str], source: str = "greylist.conf") -> str:
    """Return a historical file as TOML. Raise MistakesFound."""
    return IMPORTED.format(source=source) + toml(parseHistorical(lines, source))


def isHistorical(text: str) -> bool:
    """Return whether a text is historical: TOML has [sections], or dots in its names."""
    lines = [line for line in text.split("\n") if line.strip() and line.lstrip()[0] != "#"]
    names = [line.partition("=")[0] for line in lines if "=" in line and not line[0].isspace()]
    return bool(lines) and not any(line[0] == "[" for line in lines) and "." not in "".join(names)


def _converted(
    config: Mapping[str, Any], places: Mapping[Place, int], source: str
) -> Configuration:
    wrongs = filter(None, (_wrongWith(name, value) for name, value in config.items()))
    if mistakes := [Mistake(wrong, source) for wrong in wrongs]:
        raise MistakesFound(mistakes)
    tables = copy.deepcopy(HISTORICAL_SETTINGS)
    everything = {**DEFAULT_CONFIG, **config}
    for name, home in HOMES.items():
        value = home.value(everything[name], everything)
        tables.setdefault(home.section, {})[home.name] = value
    return configurationOf(tables, places, source)


def _wrongWith(name: str, value: Any) -> str:
    """Return the mistake in the name, or in a list instead of a value or vice versa, or ""."""
    if name not in HOMES:
        return f"unknown setting `{name}`: there are {', '.join(HOMES)}"
    isList = isinstance(DEFAULT_CONFIG[name], list)
    if isList == isinstance(value, list | tuple):
        return ""
    if isList:
        return f"{name} is a list: write {name}: and its items below, indented"
    return f"{name} is one value, not a list: write {name} = value"


def _placesOf(statements: Iterable[Statement]) -> dict[Place, int]:
    """Return the line in the file of each present setting."""
    places: dict[Place, int] = {}
    lists = {name: value for name, value in DEFAULT_CONFIG.items() if isinstance(value, list)}
    items = Counter({name: len(value) for name, value in lists.items()})
    for statement in statements:
        home = HOMES[statement.name]
        places[home.section, home.name] = statement.line
        for line in statement.lines or ():
            places[home.section, home.name, items[statement.name]] = line
            items[statement.name] += 1
    return places
