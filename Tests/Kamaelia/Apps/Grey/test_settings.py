"""Every setting of the configuration is asked for by what it sets up: none is dead."""

from argparse import Namespace
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.GreyListingPolicy import GreyListingPolicy
from Kamaelia.Apps.Grey.Service import Application, Assembly, Command
from Kamaelia.Internet.ListeningSockets import closeAll
from Tests.Kamaelia.Apps.Grey.certificates import selfSigned

ONE_OF_EACH = """
[forward]
allowed_domains = ["example.org"]
[listen]
addresses = ["127.0.0.1:0"]
tls_certificate = "cert.pem"
tls_key = "key.pem"
[milter]
addresses = ["127.0.0.1:0"]
[policy]
addresses = ["127.0.0.1:0"]
[server]
smtp_tls = "may"
recipients = "ask"
[store]
url = "memory:"
[suspicion]
delay = "suspicious"
dkim_known = -3
[limits]
block_lists = ["bl.example.org"]
[metrics]
address = "127.0.0.1:0"
"""


class Watched:
    """A section that notes which of its settings are asked for."""

    def __init__(self, section: Any) -> None:
        self.__dict__.update(section=section, asked=set())

    def __getattr__(self, name: str) -> Any:
        self.asked.add(name)
        return getattr(self.section, name)


def test_every_setting_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "grey.toml"
    file.write_text(ONE_OF_EACH)
    selfSigned(tmp_path)
    monkeypatch.chdir(tmp_path)
    plain = Assembly.read(file)
    sections = {each.name: Watched(getattr(plain, each.name)) for each in fields(plain)}
    configuration = replace(plain, **sections)
    opened: list[Any] = []
    monkeypatch.setattr(Assembly, "read", lambda _: configuration)
    monkeypatch.setattr(Command.signal, "signal", lambda *_: None)
    monkeypatch.setattr(Application.Application, "run", Application.Application.start)
    monkeypatch.setattr(Assembly, "openSockets", _kept(Assembly.openSockets, opened))
    Command.run(Namespace(config=file, user=""))
    closeAll(opened)
    unknown = [each for each in plain.handlerSettings() if not hasattr(GreyListingPolicy, each)]
    assert unknown == []
    dead = [
        f"[{name}] {each.name}"
        for name, section in sections.items()
        for each in fields(section.section)
        if each.name not in section.asked
    ]
    assert dead == []


def _kept(make: Any, opened: list[Any]) -> Any:
    def kept(*words: Any) -> Any:
        sockets = make(*words)
        opened.extend(sockets)
        return sockets

    return kept
