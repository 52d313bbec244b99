"""The modules that mypyc compiles do what their sources say."""

import os
import shutil
import subprocess
import sys
import zipimport
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia import Compiled
from Kamaelia.Support.Protocol.SMTP.Settings import KNOWN_EXTENSIONS
from Tests.cores import Runner, assertSameTrace
from Tests.Kamaelia.Support.Protocol.SMTP.sessions import STEPS

SESSIONS = "Tests.Kamaelia.Support.Protocol.SMTP.sessions"
DECISIONS = "Tests.Kamaelia.Support.Greylist.decisions"
ROOT = Compiled.FOLDER.parent
PLACE = "Kamaelia/Support/Protocol/SMTP"
WHERE = "import sys; from Kamaelia.Support.Protocol.SMTP import Session as _; {}".format(
    "print(sys.modules['Kamaelia.Support.Protocol.SMTP.Session'].__file__)"
)
needsBuild = pytest.mark.skipif(not Compiled.isBuilt(), reason="needs the compiled modules")


def placeOfSession(folder: Path, **environment: str) -> str:
    """Return the path from which a program in that folder imports Session."""
    ran = subprocess.run(
        [sys.executable, "-c", WHERE],
        env=os.environ | {"AXON_PURE": "", "PYTHONPATH": str(folder)} | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.strip()


@pytest.mark.skipif(
    not os.environ.get("KAMAELIA_REQUIRE_COMPILED_CORE"),
    reason="needs KAMAELIA_REQUIRE_COMPILED_CORE",
)
def test_the_modules_have_been_compiled_if_it_is_required():
    assert Compiled.isBuilt()


@needsBuild
def test_a_program_uses_the_compiled_modules_unless_it_asks_for_the_sources():
    assert not placeOfSession(ROOT).endswith(".py")
    assert placeOfSession(ROOT, AXON_PURE="1") == str(ROOT / PLACE / "Session.py")


@needsBuild
def test_all_sources_are_used_once_one_of_them_has_been_changed(tmp_path):
    for package in ("Axon", "Kamaelia"):
        shutil.copytree(ROOT / package, tmp_path / package)
    assert not placeOfSession(tmp_path).endswith(".py")
    with (tmp_path / "Kamaelia/Support/Greylist/Rules.py").open("a") as source:
        source.write("# changed\n")
    assert placeOfSession(tmp_path) == str(tmp_path / PLACE / "Session.py")


def test_a_package_without_some_of_the_sources_is_not_built(tmp_path, monkeypatch):
    monkeypatch.setattr(Compiled, "FOLDER", tmp_path)
    monkeypatch.setattr(Compiled, "SOURCES", [tmp_path / "absent.py"])
    assert not Compiled.isBuilt.__wrapped__()  # the one that has no cache


def test_a_package_in_an_archive_is_left_as_it_is(tmp_path, monkeypatch):
    archive = shutil.make_archive(str(tmp_path / "one"), "zip", tmp_path)
    finder = zipimport.zipimporter(archive)
    monkeypatch.setitem(sys.path_importer_cache, archive, finder)
    Compiled.chooseModules(archive)
    assert sys.path_importer_cache[archive] is finder


# The compiled modules and their sources

LINES = [
    "EHLO client.example",
    "HELO client.example",
    "EHLO",
    "MAIL FROM:<a@b.example>",
    "MAIL FROM:<> SIZE=100 BODY=8BITMIME",
    "mail from:<\xe4@b.example> SMTPUTF8",
    'RCPT TO:<"a b"@c.example>',
    "RCPT TO:<postmaster> NOTIFY=NEVER",
    "RCPT TO:<@x.example:a@[192.0.2.1]>",
    "DATA",
    "text\r\n..dot\r\n.",
    "bare\nfeed\r\n.",
    "BDAT 3\r\nabcBDAT 0 LAST",
    "BDAT 5 LAST\r\nab\r\nc",
    "RSET",
    "NOOP x",
    "VRFY x",
    "XCLIENT ADDR=192.0.2.9",
    "STARTTLS",
    "x" * 600,
    "GET / HTTP/1.1",
    "QUIT",
]
REPLIES = [
    "220 a\r\n",
    "250-a\r\n",
    "250 2.0.0 b\r\n",
    "250-a\r\n250-SIZE 9\r\n250 XCLIENT ADDR\r\n",
    "354 c\r\n",
    "421 d\r\n",
    "450-4.7.1 x\r\n450 4.7.1 y\r\n",
    "550 e\r\n",
    "x\r\n",
]


def cut(whole: tuple[str, int]) -> list[str]:
    text, size = whole
    return [text[start : start + size] for start in range(0, len(text), size)]


LINE = st.one_of(st.sampled_from(LINES), st.text(st.characters(max_codepoint=255), max_size=20))
ENDED = st.tuples(LINE, st.sampled_from(["\r\n"] * 9 + ["\n"])).map("".join)
INPUT = st.tuples(st.lists(ENDED, max_size=14).map("".join), st.integers(1, 300)).map(cut)
OF_CLIENT = st.fixed_dictionaries(
    {
        "pieces": INPUT,
        "isTrusted": st.booleans(),
        "extensions": st.sets(st.sampled_from(sorted(KNOWN_EXTENSIONS))).map(sorted),
        "settings": st.fixed_dictionaries(
            {
                "strict": st.booleans(),
                "max_recipients": st.integers(1, 3),
                "max_message_size": st.sampled_from([0, 5, 1000]),
                "normalize_bare_lf": st.booleans(),
            }
        ),
    }
)
OF_SERVER = st.fixed_dictionaries(
    {
        "pieces": st.lists(
            st.lists(st.sampled_from(REPLIES), max_size=3).map("".join), min_size=2, max_size=12
        ),
        "steps": st.lists(st.sampled_from(sorted(STEPS)), min_size=12, max_size=12),
        "manner": st.fixed_dictionaries(
            {
                "tls": st.sampled_from(["no", "may"]),
                "protocol": st.sampled_from(["smtp", "lmtp"]),
                "telling": st.sampled_from(["no", "xclient", "xforward", "proxy"]),
            }
        ),
    }
)


TEXTS = [
    "<a@b.example>",
    "<A+tag@B.Example.>",
    '<"a b"@c.example>',
    "<list-bounce-1234567@b.example>",
    "<prvs=1234abcdef=a@b.example>",
    "<>",
    "postmaster",
    "a@b\xfccher.example",
    "192.0.2.1",
    "::ffff:192.0.2.1",
    "2001:db8::1",
    "mail.b.example",
]
ENTRIES = [*TEXTS, "@b.example", "@*.example", "a@*", "*.example", "/^a.*/", "<"]
TEXT = st.one_of(st.sampled_from(TEXTS), st.text(st.characters(max_codepoint=0x250), max_size=20))
MAILS = st.fixed_dictionaries(
    {
        "texts": st.lists(TEXT, max_size=4),
        "entries": st.lists(st.sampled_from(ENTRIES), max_size=3, unique=True),
        "times": st.lists(st.floats(0, 1e4), max_size=8),
        "rules": st.fixed_dictionaries(
            {
                "too_soon": st.sampled_from([0.0, 60.0]),
                "min_defer_time": st.sampled_from([0.0, 300.0]),
                "max_defer_time": st.sampled_from([1000.0, 5000.0]),
                "max_grey": st.sampled_from([2000.0, 1e6]),
                "client_passes": st.integers(0, 2),
                "addsTriples": st.booleans(),
            }
        ),
    }
)


@pytest.fixture(scope="module", params=[SESSIONS, DECISIONS])
def runners(request: pytest.FixtureRequest) -> Iterator[tuple[Runner, Runner]]:
    """Return a process that uses the sources, and one with the compiled modules."""
    made = Runner(request.param, AXON_PURE="1"), Runner(request.param, AXON_PURE="")
    yield made
    for each in made:
        each.close()


ofSessions = pytest.mark.parametrize("runners", [SESSIONS], indirect=True)
ofDecisions = pytest.mark.parametrize("runners", [DECISIONS], indirect=True)


@needsBuild
def test_the_processes_use_different_modules(runners):
    assert [each.core for each in runners] == ["pure", "compiled"]


@needsBuild
@ofSessions
@given(program=OF_CLIENT)
def test_every_session_of_a_client_is_the_same(runners, program):
    assertSameTrace(runners, program)


@needsBuild
@ofSessions
@given(program=OF_SERVER)
def test_every_session_with_a_server_is_the_same(runners, program):
    assertSameTrace(runners, program)


@needsBuild
@ofDecisions
@given(program=MAILS)
def test_every_decision_is_the_same(runners, program):
    assertSameTrace(runners, program)
