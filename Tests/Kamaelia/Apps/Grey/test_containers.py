"""The guide for containers: its compose files, and its settings in a real Postfix."""

import os
import re
import smtplib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from compose_spec import PyOptions

from Kamaelia.Apps.Grey.Service.Command import main
from Tests.Kamaelia.Apps.Grey.Delegation.sessions import (
    DELAY,
    greylist,
    handlers,
    restrictions,
    send,
    session,
)
from Tests.Kamaelia.Apps.Grey.postfix import Postfix
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE
from Tests.Kamaelia.Apps.Grey.test_Guide import block

COMPOSE = {
    "mailcow: docker-compose.override.yml": "postfix-mailcow",
    "docker-mailserver: compose.override.yaml": "mailserver",
    "Mailu: docker-compose.override.yml": "smtp",
}
SETTINGS = (
    "mailcow: data/conf/postfix/extra.cf",
    "docker-mailserver: postfix-main.cf",
    "Mailu: overrides/postfix/postfix.cf",
)
IN_MYSQL = re.compile(r"check_\w+_access proxy:mysql:\S+, ")


@pytest.mark.parametrize("caption", COMPOSE)
def test_a_compose_file_follows_the_specification(caption: str) -> None:
    # mailcow's own file has the network.
    text = block(caption) + ("networks:\n  mailcow-network:\n" if "mailcow" in caption else "")
    compose = PyOptions().from_yaml(text)
    compose.validate()
    made = compose.to_dict()
    ours, theirs = made["services"]["kamaelia-grey"], made["services"][COMPOSE[caption]]
    assert ours["volumes"][0] == "./kamaelia-grey/kamaelia-grey.toml:/etc/kamaelia-grey.toml:ro"
    assert list(made["volumes"]) == ["kamaelia-grey"]
    assert "ports" not in ours  # other machines must not reach it
    assert list(theirs["depends_on"]) == ["kamaelia-grey"]


@pytest.mark.parametrize(
    ("line", "words"), [("networks: [x]", "`x`"), ("volums: []", "volums"), ("ports: {}", "ports")]
)
def test_what_violates_the_specification_is_found(line: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PyOptions().from_yaml(f"services:\n  a:\n    image: b\n    {line}\n").validate()


def test_the_configuration_of_the_container_is_valid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "grey.toml"
    text = block("kamaelia-grey/kamaelia-grey.toml")
    file.write_text(f'{text}[store]\nurl = "sqlite:{tmp_path}/greylist.db"\n')
    assert main(["check", "-c", str(file)]) == 0
    assert "0.0.0.0:10023 in [policy] can be reached from other machines" in capsys.readouterr().err


@pytest.mark.needs("postfix")
@pytest.mark.skipif(os.getuid() != 0, reason="a Postfix of one's own needs root")
@pytest.mark.parametrize("caption", SETTINGS)
def test_a_postfix_with_these_settings_defers_strangers_only(
    serving: Any, postfix: Callable[..., Postfix], caption: str
) -> None:
    grey, _, clock = greylist()
    lines = IN_MYSQL.sub("", block(caption)).strip().splitlines()
    assert len(lines) == 3

    def client(server: Any) -> None:
        service = f"inet:127.0.0.1:{server.ports[0]}"
        asking = [line.replace("inet:kamaelia-grey:10023", service) for line in lines]
        settings = dict(line.split(" = ", 1) for line in asking)
        assert all(value.endswith(f"check_policy_service {service}") for value in settings.values())
        relay = postfix(**restrictions(service) | settings)
        with session(relay.port) as smtp:
            assert send(smtp, "a@b.example", "c@d.example")[-1].startswith("450 4.7.1")
            smtp.rset()
            assert send(smtp, "a@b.example", "c@elsewhere.example")[-1][:5] in ("554 5", "454 4")
        clock.now += DELAY
        with session(relay.port) as smtp:
            assert send(smtp, "a@b.example", "c@d.example")[-1].startswith("250")
        with smtplib.SMTP("127.0.0.1", relay.port, "mx.b.example", timeout=PATIENCE) as smtp:
            smtp.ehlo()
            assert send(smtp, "x@b.example", "c@d.example")[-1].startswith("250")
        relay.waitForMails(2)

    serving(client, protocol=handlers(grey))
