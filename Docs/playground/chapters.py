"""The texts of the steps: task, hints and answer, as the chapters of the course have them.

Example usage
-------------
    chapter = chapterOf("learn/end")
    chapter.title, chapter.task, chapter.hints, chapter.answer
    chapterOf("learn/mini_axon", "Step 1: a microprocess")

How does it work?
-----------------
A chapter has the sections Task, Hints and Answer; a step of Mini-Axon has paragraphs with these names.
The answer is the last program of its section, or the object of a file that is included.
"""

from __future__ import annotations

import ast
import html
import re
import textwrap
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).resolve().parents[1]

HEADING = re.compile(r"^(.+)\n([=-])\2{3,}\n", re.MULTILINE)
PROGRAM = re.compile(
    r"^\.\. code-block:: python\n(?:   :class: \w+\n)?\n((?:   .*\n|\n)+)", re.MULTILINE
)
INCLUDED = re.compile(r"^\.\. literalinclude:: (\S+)\n   :pyobject: (\w+)\n", re.MULTILINE)
DIRECTIVE = re.compile(r"^\.\. .*\n(?:   .*\n|\n)*", re.MULTILINE)
BULLET = re.compile(r"^\* ((?:.+\n)(?:  .+\n)*)", re.MULTILINE)
LINK = re.compile(r":doc:`(?:([^`<]+) <[^>]+>|/?([^`]+))`")


class Chapter(NamedTuple):
    """The texts of a step. task and hints are HTML; answer is a program."""

    title: str
    task: str
    hints: list[str]
    answer: str


def chapterOf(page: str, section: str = "") -> Chapter:
    """Return the texts of a chapter, or of a section that is a step; page is below Docs."""
    text = (DOCS / f"{page}.rst").read_text(encoding="utf-8")
    parts = HEADING.split(text)
    sections = dict(zip(parts[1::3], parts[3::3], strict=True))
    if section:
        body = sections[section]
        start = body.index("**Task:**") + len("**Task:**")
        match = re.search(r"\*\*Hints?:\*\*", body)
        assert match is not None
        end = INCLUDED.search(body)
        hints = body[match.end() : end.start() if end else None]
        return Chapter(
            section, _html(body[start : match.start()]), _hintsIn(hints), _answerIn(body)
        )
    hints = _hintsIn(sections["Hints"])
    return Chapter(parts[1], _html(sections["Task"]), hints, _answerIn(sections["Answer"]))


def programsOn(page: str) -> list[str]:
    """Return the programs on a page."""
    text = (DOCS / f"{page}.rst").read_text(encoding="utf-8")
    return [_dedented(match[1]) for match in PROGRAM.finditer(text)]


def objectIn(path: Path, name: str) -> str:
    """Return the source of a class or a function in a file."""
    source = path.read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if getattr(node, "name", None) == name:
            return f"{ast.get_source_segment(source, node)}\n"
    raise ValueError(f"{path.name} does not define {name}")


def _answerIn(text: str) -> str:
    if included := INCLUDED.search(text):
        return objectIn(DOCS / "learn" / included[1], included[2])
    programs = PROGRAM.findall(text)
    return _dedented(programs[-1]) if programs else ""


def _hintsIn(text: str) -> list[str]:
    return [_inline(hint) for hint in BULLET.findall(text)] or [_inline(text)]


def _dedented(text: str) -> str:
    return textwrap.dedent(text).strip("\n") + "\n"


def _html(text: str) -> str:
    """Return the paragraphs of a section as HTML, without its programs."""
    paragraphs = DIRECTIVE.sub("", text).strip().split("\n\n")
    return "".join(f"<p>{_inline(each)}</p>" for each in paragraphs if each.strip())


def _inline(text: str) -> str:
    """Return a paragraph as HTML."""
    text = LINK.sub(lambda match: f"“{match[1] or match[2]}”", " ".join(text.split()))
    text = html.escape(text, quote=False)
    text = re.sub(r"``(.+?)``", lambda match: f"<code>{match[1]}</code>", text)
    text = re.sub(r"(?<![\w*])\*\*(.+?)\*\*", r"<b>\1</b>", text)
    return re.sub(r"(?<![\w*])\*([^*]+?)\*(?!\w)", r"<em>\1</em>", text)
