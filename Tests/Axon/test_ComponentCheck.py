"""Mistakes made when a component is declared, created or passed on are named at once."""

import pytest

from Axon import ComponentCheck
from Axon.AxonExceptions import wiringError
from Axon.Component import component
from Axon.ComponentCheck import checkComponents, madeComponent, whyNoComponent
from Axon.Microprocess import microprocess
from Axon.testing import feed
from Axon.ThreadedComponent import threadedcomponent


class Uninitialised(component):
    """A component that does not call super().__init__()."""

    def __init__(self):
        self.size = 3


WRONG = [
    (component, r"component is a class; use an instance of it, such as component\(\)"),
    (Uninitialised(), r"Uninitialised has no boxes yet: its __init__ must call super\(\)"),
    (None, "None is no component: it has no boxes"),
    ("text", "'text' is no component"),
    (microprocess(), "is no component: it has no boxes"),
]


@pytest.mark.parametrize(("wrong", "sentence"), WRONG)
def test_the_error_names_the_object_that_is_not_a_component_and_the_place(wrong, sentence):
    with pytest.raises(wiringError, match=f"^Pipeline was given .*{sentence}"):
        checkComponents("Pipeline", [component(), wrong])


@pytest.mark.parametrize("kind", [list, tuple])
def test_the_error_for_a_list_of_components_says_what_to_write(kind):
    with pytest.raises(wiringError, match=rf"a {kind.__name__}: write Pipeline\(\*components"):
        checkComponents("Pipeline", [kind([component()])])


def test_a_component_is_a_component():
    made = component()
    assert whyNoComponent(made) == ""
    assert madeComponent(made, "factory") is made


def test_a_name_of_linkages_is_compared_with_others_only_if_no_component_has_it(monkeypatch):
    compared = []
    monkeypatch.setattr(ComponentCheck, "nearMiss", lambda name, _: compared.append(name))
    linkages = {("A", "outbox"): ("B", "inbox"), ("B", "outbox"): ("outside", "outbox")}
    ComponentCheck.checkLinkages("Graphline", linkages, {"A": None, "B": None})
    assert compared == ["outside"]


@pytest.mark.parametrize(("wrong", "sentence"), WRONG)
def test_the_result_of_a_factory_must_be_a_component(wrong, sentence):
    owner = component()
    expected = rf"factory\(\) must return a component, but .*{sentence}"
    with pytest.raises(wiringError, match=expected) as caught:
        madeComponent(wrong, "factory", owner)
    assert str(caught.value).startswith(owner.name)


async def asyncFactory():
    """A factory that is wrongly defined with async."""


def test_an_async_factory_is_a_TypeError_that_explains_it():
    with pytest.raises(TypeError, match=r"factory\(\) returned a coroutine, but it must return"):
        madeComponent(asyncFactory(), "factory")


@pytest.mark.parametrize(
    "use",
    [
        lambda wrong: component().link((wrong, "outbox"), (component(), "inbox")),
        lambda wrong: component().link((component(), "outbox"), (wrong, "inbox")),
        lambda wrong: component().addChildren(wrong),
        lambda wrong: wrong.send(1),
        lambda wrong: wrong.recv(),
        lambda wrong: wrong.dataReady(),
        lambda wrong: wrong.activate(),
        lambda wrong: wrong.run(),
    ],
)
def test_without_the_call_of_super_the_class_is_named_wherever_it_is_used(use):
    with pytest.raises(TypeError, match=r"Uninitialised .*must call super\(\).__init__\(\) first"):
        use(Uninitialised())


@pytest.mark.parametrize("attribute", ["Inboxes", "Outboxes"])
@pytest.mark.parametrize("isOfInstance", [True, False])
def test_boxes_that_are_one_text_are_an_error_that_shows_the_list(attribute, isOfInstance):
    class Echo(component):
        def __init__(self):
            if isOfInstance:
                setattr(self, attribute, "inbox")
            super().__init__()

    if not isOfInstance:
        setattr(Echo, attribute, "inbox")
    with pytest.raises(wiringError, match=rf"Echo.{attribute} is 'inbox', .* {attribute} = \['in"):
        Echo()


@pytest.mark.parametrize("declared", [["inbox", "more"], ("inbox",), {"inbox": "it"}, {"inbox"}])
def test_any_other_collection_of_names_declares_boxes(declared):
    assert set(type("Echo", (component,), {"Inboxes": declared})().inboxes) == set(declared)


@pytest.mark.parametrize("method", ["send", "recv", "main", "pause", "link", "greet"])
@pytest.mark.parametrize("value", [3, None, "text", [1]])
def test_a_setting_that_would_replace_a_method_is_an_error(method, value):
    class Greeter(component):
        def greet(self):
            return "hello"

    with pytest.raises(wiringError, match=rf"Greeter\({method}=.*replace the method {method}\(\)"):
        Greeter(**{method: value})


def test_a_function_may_replace_a_method_and_any_other_setting_is_an_attribute():
    class Greeter(component):
        policy = None
        kind = component

        def greet(self):
            return "hello"

    made = Greeter(greet=lambda: "bye", policy=3, kind=None, messages=[1], new=5)
    assert made.greet() == "bye"
    assert (made.policy, made.kind, made.messages, made.new) == (3, None, [1], 5)


# main


@pytest.mark.parametrize("name", ["Main", "MAIN", "mian", "mainn", "_main", "mains"])
@pytest.mark.parametrize("kind", [component, microprocess, threadedcomponent])
def test_a_near_miss_of_main_in_a_class_without_main_is_an_error(name, kind):
    def body(self):
        yield 1

    wrong = type("Hello", (kind,), {name: body})
    with pytest.raises(TypeError, match=rf"Hello has no main\(\), but {name}\(\): rename it to ma"):
        wrong().run()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("MainBody", "mainBody"),
        ("mainbody", "mainBody"),
        ("initializeComponent", "initialiseComponent"),
        ("closedownComponent", "closeDownComponent"),
    ],
)
def test_a_near_miss_of_an_old_style_method_is_an_error(name, meant):
    wrong = type("Old", (component,), {name: lambda self: 0})
    with pytest.raises(TypeError, match=rf"Old has no {meant}\(\), but {name}\(\): rename it"):
        wrong().run()


@pytest.mark.parametrize("name", ["mail", "min", "domain", "remain", "maintain", "again", "pain"])
def test_a_different_word_is_no_near_miss_of_main(name):
    assert feed(type("Holder", (component,), {name: lambda self: 0})()) == {
        "outbox": [],
        "signal": [],
    }


def test_a_class_with_main_may_have_a_method_that_is_called_nearly_so():
    class Two(component):
        def main(self):
            self.send(self.Main())
            yield 1

        def Main(self):
            return "helper"

    assert feed(Two())["outbox"] == ["helper"]


def test_a_class_with_mainBody_may_have_a_method_that_is_called_nearly_main():
    class Old(component):
        def mainBody(self):
            self.send(self.Main())
            return 0

        def Main(self):
            return "helper"

    assert feed(Old())["outbox"] == ["helper"]
