"""The pages of all components: no box is missing, and each setting and method has a sentence."""

import pytest

from Kamaelia.Support.Sphinx.Contents import contentsOf
from Kamaelia.Support.Sphinx.Description import boxesOf, methodsOf, settingsOf
from Kamaelia.Support.Sphinx.Directives import modulesIn
from Kamaelia.Support.Sphinx.Markup import componentPage, pictureOf
from Kamaelia.Support.Sphinx.Pages import writePages


@pytest.fixture(scope="module")
def components():
    """The class of each component, with its module."""
    return [
        (kind, module)
        for module in modulesIn("Kamaelia")
        for kind in getattr(module, "__kamaelia_components__", ())
        if kind.__module__ == module.__name__
    ]


def test_each_component_has_a_page(components, tmp_path):
    pages = writePages(tmp_path, "Kamaelia", map(contentsOf, {module for _, module in components}))
    names = {f"{module.__name__}.{kind.__qualname__}" for kind, module in components}
    assert len(names) > 150
    assert set(pages) == names | {"index"}


def test_the_page_of_a_component_names_all_its_boxes(components):
    missing = []
    for kind, module in components:
        text = "\n".join(componentPage(kind, module, [], []))
        words = pictureOf(kind)
        missing += [
            f"{kind.__name__}.{box}"
            for box in [*kind.Inboxes, *kind.Outboxes]
            if f"* - ``{box}``" not in text or box not in words
        ]
    assert missing == []


def test_a_page_names_no_box_that_the_class_does_not_have(components):
    for kind, _ in components:
        for side in ("Inboxes", "Outboxes"):
            assert [each.name for each in boxesOf(kind, side)] == list(getattr(kind, side))


def undescribed(components, itemsOf, attribute):
    """Return "module.Class.name" of what has no sentence, where it is defined."""
    return sorted({
        f"{(each.owner or kind).__module__}.{(each.owner or kind).__qualname__}.{each.name}"
        for kind, _ in components
        for each in itemsOf(kind)
        if not getattr(each, attribute)
    })  # fmt: skip


def test_settings_have_a_sentence(components):
    assert undescribed(components, settingsOf, "sentence") == []


def test_methods_have_a_sentence(components):
    assert undescribed(components, methodsOf, "summary") == []
