"""The table of historical names in the documentation agrees with the code."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

DOCS = Path(__file__).resolve().parents[2] / "Docs"

_spec = importlib.util.spec_from_file_location("historical", DOCS / "historical.py")
historical = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(historical)

ROWS = historical.rows()


def test_the_table_is_up_to_date():
    written = historical.TABLE.read_text(encoding="utf-8")
    assert written == historical.table(), "run: python Docs/historical.py"


def test_every_name_listed_as_left_out_is_missing():
    assert {f"{row.module}.{name}" for row in ROWS for name in row.leftOut} == historical.OMITTED


def test_the_page_states_each_reason_for_leaving_a_name_out():
    page = " ".join((DOCS / "differences.rst").read_text(encoding="utf-8").split())
    assert not [reason for reason in historical.LEFT_OUT if reason not in page]


@pytest.mark.parametrize(
    "package",
    ["Axon", "Kamaelia.Chassis", "Kamaelia.Experimental", "Kamaelia.File", "Kamaelia.Internet"],
)
def test_no_name_of_a_finished_package_is_missing(package):
    missing = [
        f"{row.module}.{name}"
        for row in ROWS
        if row.module.startswith(package)
        for name in ([*row.missing] if row.exists else ["the module"])
    ]
    assert missing == []


def test_a_missing_class_function_box_parameter_and_method_are_found(monkeypatch):
    class Half:
        Inboxes, Outboxes = {"inbox": ""}, {}

        def __init__(self, one):
            self.one = one

        def walk(self):
            pass

    facts = {
        "classes": {
            "Half": {
                "inboxes": ["inbox", "more"],
                "parameters": ["one", "two"],
                "methods": ["walk", "run"],
            },
            "Gone": {},
        },
        "functions": ["lost"],
    }
    monkeypatch.setattr(historical, "find", lambda _: SimpleNamespace(Half=Half))
    row = historical.rowOf("Some.Module", facts)
    assert row.there == ["Half"]
    assert row.missing == ["Half(two)", "Half.run", "Half[more]", "Gone", "lost"]
