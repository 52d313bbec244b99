"""Lists in a configuration and on the command line: exemptions, and names that ask the DNS."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Policy import Resolver as Resolving
from Kamaelia.Apps.Grey.Service import Assembly, Command
from Kamaelia.Apps.Grey.Stores import StoreEntry, openStore
from Kamaelia.Support.Settings.Configuration import parse

HEAD = "[forward]\nallowed_domains = ['example.org']\n"
WITHOUT_NAMES = HEAD + "[greylist]\nlarge_senders = false\n"


def greylist(more: str = "") -> Any:
    return Assembly.greylistOf(parse(f"{WITHOUT_NAMES}{more}\n[store]\nurl = 'memory:'"))


@pytest.mark.parametrize(
    ("more", "recipient", "isExempt"),
    [
        ("", "<postmaster>", True),
        ("", "<Postmaster@example.org>", True),
        ("", '<"abuse"@example.org>', True),
        ("", "<abuse+x@example.org>", True),
        ("", "<abuser@example.org>", False),
        ("exempt = []", "<postmaster@example.org>", False),
        ("exempt = ['hostmaster']", "<hostmaster@example.org>", True),
        ("exempt = ['hostmaster']", "<postmaster@example.org>", False),
        ("exempt = []\nopt_out = ['postmaster@*']", "<Postmaster>", True),
        ("opt_out = ['ann@example.org']", "<Ann+tag@example.org>", True),
        ("opt_out = ['/^ann-[0-9]+@/']", "<ann-17@example.org>", True),
    ],
)
def test_recipients_are_exempt_as_the_settings_say(
    more: str, recipient: str, isExempt: bool
) -> None:
    reason = greylist(more).allows("192.0.2.1", [], "", "<a@b.example>", recipient)
    assert reason == ("opted out" if isExempt else None)


@pytest.mark.parametrize("wrong", ["'a@b'", "''", "'*'", "'two words@'"])
def test_what_is_no_local_part_is_a_mistake(wrong: str) -> None:
    with pytest.raises(ValueError, match="exempt"):
        parse(f"{HEAD}[greylist]\nexempt = [{wrong}]")


def test_a_name_that_is_allowed_at_run_time_counts_though_no_setting_asks_the_dns() -> None:
    settings = greylist()
    assert not settings.asksForNames
    settings.opened.addEntry(StoreEntry("allow", "client", "*.b.example"))
    settings.refresh(1.0)
    assert settings.asksForNames
    assert settings.allows("192.0.2.1", ["mx.b.example"], "", "<a@b.example>", "<c@example.org>")
    settings.close()


def command(folder: Path, *words: str) -> int:
    return Command.main([*words, "--store", f"sqlite:{folder / 'grey.db'}"])


@pytest.mark.parametrize("what", ["*.b.example", "mx.b.example", r"/^mx[0-9]\.b\.example$/"])
@pytest.mark.parametrize("verdict", ["allow", "deny"])
def test_without_dns_the_command_says_that_a_name_matches_nothing(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch, what: str, verdict: str
) -> None:
    assert command(tmp_path, verdict, what) == 0

    def fail() -> None:
        raise ImportError("No module named 'dns'")

    monkeypatch.setattr(Resolving, "Resolver", fail)
    assert command(tmp_path, verdict, f"{what}") == 1
    assert "would match nothing" in capsys.readouterr().err
    assert command(tmp_path, verdict, "192.0.2.1") == 0
    store = openStore(f"sqlite:{tmp_path / 'grey.db'}")
    assert len(store.entries()) == 2
    store.close()


def test_the_example_has_the_exemptions() -> None:
    from Kamaelia.Support.Settings.ExampleFile import example

    assert tomllib.loads(example())["greylist"]["exempt"] == ["postmaster", "abuse"]
