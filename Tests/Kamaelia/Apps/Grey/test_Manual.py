"""The man page says what the command understands, and nothing else."""

import argparse
import os
import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from Kamaelia.Apps.Grey.Service.Command import parser
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE, ROOT

PAGE = ROOT / "Docs" / "kamaelia-grey.1"


def commands() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command."""
    (choice,) = [each for each in parser()._actions if isinstance(each.choices, dict)]
    return dict(choice.choices)  # type: ignore[arg-type]


def plain(text: str) -> str:
    """Its words, without what says how they look."""
    text = text.replace("\\-", "-")
    return re.sub(r"\\f[BIRP]|^\.[A-Z]{1,2} ", "", text, flags=re.MULTILINE)


def sections() -> dict[str, str]:
    """What the page says of each command; "" has what it says of all."""
    head, _, rest = PAGE.read_text("utf-8").partition("\n.SH COMMANDS\n")
    about = rest.partition("\n.SH ")[0]
    parts = re.split(r"^\.SS ", about, flags=re.MULTILINE)[1:]
    return {"": plain(head)} | {part.split(maxsplit=1)[0]: plain(part) for part in parts}


def optionsOf(command: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    yield from (each for each in command._actions if each.option_strings)


def test_the_page_has_each_command_and_no_other() -> None:
    assert list(sections())[1:] == list(commands())


@pytest.mark.parametrize("name", commands())
def test_the_page_has_each_word_of_a_command_and_no_other(name: str) -> None:
    said, common, command = sections()[name], sections()[""], commands()[name]
    known = {word for each in optionsOf(command) for word in each.option_strings}
    missing = [word for word in known if word not in said and word not in common]
    assert missing == []
    assert set(re.findall(r"(?<![-\w])--[a-z]+", said)) <= known
    places = [each.dest for each in command._actions if not each.option_strings]
    title = said.splitlines()[0]
    assert re.findall(r"\w+", title)[1:] == places
    for each in optionsOf(command):
        if each.choices and name != "deny":  # where that is said to be as of allow
            assert "|".join(each.choices) in said


def test_the_page_is_set_without_a_complaint() -> None:
    if shutil.which("man") is None or shutil.which("groff") is None:
        pytest.skip("needs man and groff")
    done = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(PAGE)],
        env=os.environ | {"LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (0, "")
