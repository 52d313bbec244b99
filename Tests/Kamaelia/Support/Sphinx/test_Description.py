"""What a component's class says about itself."""

import pytest

from Axon.Component import component
from Kamaelia.Support.Sphinx.Description import (
    boxesOf,
    isComponent,
    methodsOf,
    settingsOf,
    terminationOf,
)


class Base(component):
    """Base(**settings): the base.

    speed, weight: two numbers. colour (a name): what it looks like. 0 means none.
    """

    Inboxes = {"inbox": "numbers", "control": "the end"}
    Outboxes = {"outbox": "words", "signal": "the end"}

    speed: float = 1.5
    weight = 2
    colour: str | None = None
    _hidden = 3

    def paint(self, colour, layers=2):
        """Change the colour.

        More words.
        """

    def main(self):
        yield 1


class Derived(Base):
    """Derived(**settings): one more inbox."""

    Inboxes = {**Base.Inboxes, "side": "letters", "inbox": "large numbers"}

    colour = "red"

    @property
    def size(self):
        return 1


def named(found, name):
    return next(each for each in found if each.name == name)


def test_a_box_belongs_to_the_class_that_says_the_same_about_it():
    boxes = boxesOf(Derived, "Inboxes")
    assert [(box.name, box.owner) for box in boxes] == [
        ("inbox", None),
        ("control", Base),
        ("side", None),
    ]
    assert named(boxes, "inbox").sentence == "large numbers"


@pytest.mark.parametrize("boxes", [["a", "b"], ("a", "b")])
def test_boxes_may_be_names_without_sentences(boxes):
    kind = type("Kind", (), {"Inboxes": boxes, "Outboxes": {}})
    assert [(box.name, box.sentence) for box in boxesOf(kind, "Inboxes")] == [("a", ""), ("b", "")]


@pytest.mark.parametrize("boxes", [None, "inbox", 7, {1: "x"}])
def test_anything_else_than_names_is_left_out(boxes):
    assert boxesOf(type("Kind", (), {"Inboxes": boxes, "Outboxes": {}}), "Inboxes") == []


def test_a_setting_has_type_default_sentence_and_origin():
    speed = named(settingsOf(Derived), "speed")
    assert (speed.typeName, speed.default, speed.owner) == ("float", "1.5", Base)
    assert speed.sentence == "two numbers."
    colour = named(settingsOf(Derived), "colour")
    assert (colour.default, colour.owner) == ("'red'", None)


def test_methods_properties_private_names_and_boxes_are_no_settings():
    assert {each.name for each in settingsOf(Derived)} == {"speed", "weight", "colour"}


def test_a_value_whose_repr_raises_or_is_long_is_shown_all_the_same():
    class Bad(list):
        def __repr__(self):
            raise RuntimeError

    kind = type("Kind", (Base,), {"bad": Bad(), "long": "x" * 1000, "odd": object()})
    settings = settingsOf(kind)
    assert named(settings, "bad").default == "(its repr raises RuntimeError)"
    assert len(named(settings, "long").default) <= 60
    assert named(settings, "odd").default == "object(...)"


def test_a_method_has_a_signature_without_self_and_a_first_sentence():
    paint = named(methodsOf(Derived), "paint")
    assert (paint.signature, paint.summary, paint.owner) == (
        "(colour, layers=2)",
        "Change the colour.",
        Base,
    )


def test_what_all_components_have_is_left_out():
    assert "send" not in {each.name for each in methodsOf(Derived)}


def test_the_paragraph_about_termination_is_found():
    module = type("M", (), {"__doc__": "A.\n\nTermination: when\nall is done.\n\nMore."})
    assert terminationOf(module) == "when all is done."


@pytest.mark.parametrize(("item", "isOne"), [(Base, True), (int, False), (Base(), False)])
def test_a_component_is_a_class_with_boxes(item, isOne):
    assert isComponent(item) is isOne


class Commented:
    """Commented([first]). first: what the docstring says."""

    Inboxes = {"inbox": "x"}
    Outboxes = {}
    first = 1  # what the comment says
    second: int = 2  # how many
    third = 3  # noqa: F841
    # this line describes nothing
    fourth = [
        1,  # an item
    ]

    def method(self):
        self.inner = 5  # not a setting


def test_a_comment_at_the_end_of_its_line_describes_a_setting_without_a_docstring():
    assert {each.name: each.sentence for each in settingsOf(Commented)} == {
        "first": "what the docstring says.",
        "second": "how many",
        "third": "",
        "fourth": "",
    }


def test_a_class_without_source_has_no_comments():
    made = type("Made", (), {"Inboxes": {}, "Outboxes": {}, "size": 1})
    assert [each.sentence for each in settingsOf(made)] == [""]
