"""The details of one component."""

import importlib
import os
import ssl
import sys

import pytest

from Axon.Component import component
from Kamaelia.Visualisation.Live.Details import detailsOf


class Worker(component):
    """Work.

    In order.
    """

    Inboxes = {"inbox": "work", "control": "stop"}
    Outboxes = ["outbox", "signal"]
    pace = 3

    def __init__(self, **argd):
        super().__init__(**argd)
        self.queue = [1, 2]
        self.apiKey = "s3cret"
        self.context = ssl.create_default_context()
        self._private = 1

    @property
    def broken(self):
        raise RuntimeError("never called")


class Plain(Worker):
    pass


def test_the_docstring_is_that_of_the_class_or_of_its_nearest_base():
    assert detailsOf(Worker())["docstring"] == "Work.\n\nIn order."
    assert detailsOf(Plain())["docstring"] == "Work.\n\nIn order."
    assert detailsOf(component())["docstring"] == ""


def test_settings_are_the_public_attributes_without_secrets():
    assert detailsOf(Worker(pace=5))["settings"] == {
        "pace": "5",
        "queue": "[1, 2]",
        "apiKey": "<left out>",
        "context": "SSLContext(<left out>)",
    }


def test_boxes_have_their_sentences():
    boxes = detailsOf(Worker())["boxes"]
    assert boxes["Inboxes"] == {"inbox": "work", "control": "stop"}
    assert boxes["Outboxes"] == {"outbox": "", "signal": ""}


def test_a_class_without_a_file_has_no_source():
    made = type("Made", (component,), {"__module__": "nowhere"})
    assert detailsOf(made())["source"] == ""


@pytest.mark.parametrize("edited", ["class Edited(:\n", "text = '''", "\0", ""])
def test_a_class_whose_file_was_edited_and_is_invalid_now_has_no_source(
    edited, tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(str(tmp_path))
    path = tmp_path / "edited_while_it_runs.py"
    path.write_text("from Axon.Component import component\nclass Edited(component): pass\n")
    monkeypatch.delitem(sys.modules, path.stem, raising=False)
    made = importlib.import_module(path.stem).Edited()
    assert detailsOf(made)["source"] == f"{path}:2"
    path.write_text(edited)
    os.utime(path, (1, 1))  # another time than that of the version that was read
    assert detailsOf(made)["source"] == ""
