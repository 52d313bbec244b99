"""The page of what is left out names what does not exist, and all of it."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "Docs"

PAGE = (DOCS / "library" / "left_out.rst").read_text(encoding="utf-8")
PARTS = re.split(r"^   \* - ", PAGE, flags=re.MULTILINE)
ROWS = [part.split("\n     - ", 1) for part in PARTS if part.startswith("``")]
LEFT_OUT = [f"Kamaelia.{name}" for names, _ in ROWS for name in re.findall(r"``([\w.]+)``", names)]
HISTORICAL = json.loads((DOCS / "historical_names.json").read_text(encoding="utf-8"))


def exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_the_page_names_does_not_exist(name: str) -> None:
    assert not exists(name)


def test_each_module_of_1_14_that_does_not_exist_is_on_the_page() -> None:
    missing = [name for name in HISTORICAL if name.startswith("Kamaelia") and not exists(name)]
    unnamed = [
        name
        for name in missing
        if not any(name == each or name.startswith(f"{each}.") for each in LEFT_OUT)
    ]
    assert missing
    assert unnamed == []


def test_each_row_has_a_reason() -> None:
    assert len(LEFT_OUT) > 30
    assert all(reason[0].isupper() and "." in reason for _, reason in ROWS)
