"""The mistakes in a program's text that are no longer there when it runs.

Example usage
-------------
    for line, text in repeatedKeys(Path("program.py").read_text()):
        print(f"line {line}: {text}")

How does it work?
-----------------
Python keeps the last of two equal keys in a dict, so that a linkage disappears without a word. The
text is parsed, and nothing in it is executed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator


def repeatedKeys(text: str | bytes) -> Iterator[tuple[int, str]]:
    """Yield the line of each key that a dict of linkages has had before, and a sentence.

    Raises SyntaxError if the text is not Python.
    """
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Dict):
            yield from _repeatedIn(node)


def _repeatedIn(node: ast.Dict) -> Iterator[tuple[int, str]]:
    seen: dict[tuple[str, str], int] = {}
    for key in node.keys:
        end = _endOf(key)
        if end is None or key is None:
            continue
        if end in seen:
            yield (
                key.lineno,
                (
                    f"the linkage from {end} replaces the one in line {seen[end]}:"
                    " a box feeds one other, use a splitter"
                ),
            )
        seen[end] = key.lineno


def _endOf(key: ast.expr | None) -> tuple[str, str] | None:
    """Return the pair of texts that a key is, or None."""
    if not isinstance(key, ast.Tuple) or len(key.elts) != 2:
        return None
    name, box = (each.value if isinstance(each, ast.Constant) else None for each in key.elts)
    return (name, box) if isinstance(name, str) and isinstance(box, str) else None
