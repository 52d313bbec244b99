"""Makes the folder of the playground: `make playground`.

    python -m Docs.playground.build FOLDER

It contains the page, the live page as its picture, the packages as a zip, the texts of the lessons,
and Pyodide, which npm has installed below Packaging/page.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from Docs.playground.lessons import LESSONS, textsOf

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path(__file__).parent / "page"
LIVE = ROOT / "Kamaelia" / "Visualisation" / "Live" / "page"
PYODIDE = ROOT / "Packaging" / "page" / "node_modules" / "pyodide"

PYODIDE_FILES = (
    "pyodide.mjs",
    "pyodide.asm.js",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "pyodide-lock.json",
)
IN_LIVE = {"pictureConnection.js": "connection.js", "embedded.css": "embedded.css"}
STYLE = '<link rel="stylesheet" href="style.css">'
MISSING = "Pyodide is not installed: run `make playground`, which needs npm"


def build(target: Path) -> None:
    """Make the folder anew. Raises SystemExit if Pyodide is not installed."""
    if not (PYODIDE / PYODIDE_FILES[0]).exists():
        sys.exit(MISSING)
    shutil.rmtree(target, ignore_errors=True)
    (target / "pyodide").mkdir(parents=True)
    (target / "live").mkdir()
    for name in PYODIDE_FILES:
        shutil.copy(PYODIDE / name, target / "pyodide")
    for each in LIVE.iterdir():
        shutil.copy(each, target / "live")
    for each in PAGE.iterdir():
        shutil.copy(each, target / "live" / IN_LIVE[each.name] if each.name in IN_LIVE else target)
    page = (LIVE / "index.html").read_text(encoding="utf-8")
    embedded = page.replace(STYLE, f'{STYLE}\n<link rel="stylesheet" href="embedded.css">')
    (target / "live" / "index.html").write_text(embedded, encoding="utf-8")
    (target / "lessons.json").write_text(json.dumps(list(lessons())), encoding="utf-8")
    with zipfile.ZipFile(target / "kamaelia.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in packaged():
            archive.write(path, path.relative_to(ROOT))


def lessons() -> Iterator[dict[str, object]]:
    """Yield what the page shows of each lesson."""
    for key, lesson in LESSONS.items():
        texts = textsOf(lesson)
        yield {
            "key": key,
            "title": texts.title,
            "page": lesson.page,
            "task": texts.task,
            "note": htmlOf(lesson.note),
            "hints": texts.hints,
            "starter": lesson.starter,
            "answer": texts.answer,
        }


def htmlOf(sentence: str) -> str:
    """Return a sentence in which backquotes mark code."""
    parts = sentence.split("`")
    parts[1::2] = [f"<code>{part}</code>" for part in parts[1::2]]
    return "".join(parts)


def packaged() -> Iterator[Path]:
    """Yield the files that Python needs in the browser."""
    for package in ("Axon", "Kamaelia", "Docs/playground"):
        for path in (ROOT / package).rglob("*.py"):
            if "Apps" not in path.parts:  # they are servers and desktop programs
                yield path
    yield from (ROOT / "Docs" / "learn").glob("*.rst")
    yield ROOT / "Docs" / "supervision.rst"
    yield ROOT / "Examples" / "MiniAxon" / "miniaxon.py"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    build(parser.parse_args().folder)


if __name__ == "__main__":
    main()
