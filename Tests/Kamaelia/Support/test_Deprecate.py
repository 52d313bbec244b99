import logging
import warnings

import pytest

from Axon.Component import component
from Kamaelia.Support import Deprecate


def emitted(function, *args):
    """Return the texts of the warnings that the call emits."""
    with warnings.catch_warnings(record=True) as records:
        warnings.simplefilter("always")
        function(*args)
    return [str(each.message) for each in records]


@pytest.mark.parametrize(("level", "count"), [("QUIET", 0), ("WARN", 1), ("VERBOSE", 3)])
def test_the_level_decides_how_often_a_warning_is_emitted(level, count):
    warning = Deprecate.Warning("old", level)
    assert [text for _ in range(3) for text in emitted(warning)] == ["old"] * count


def test_the_level_of_the_program_counts_if_it_is_higher(monkeypatch):
    monkeypatch.setattr(Deprecate, "GLOBAL_WARNING_LEVEL", "warn")
    assert emitted(Deprecate.Warning("old")) == ["old"]


def test_a_warning_names_the_line_of_the_caller():
    with pytest.warns(DeprecationWarning, match="old") as records:
        Deprecate.Warning("old", "WARN")()
    assert records[0].filename == __file__


def test_verbose_warnings_are_logged_with_the_stack(caplog):
    with caplog.at_level(logging.WARNING, logger="Kamaelia"):
        emitted(Deprecate.Warning("old", "VERBOSE"))
    assert __name__.rpartition(".")[2] in caplog.records[0].stack_info


def test_a_warning_may_be_raised():
    with pytest.raises(DeprecationWarning, match="old"):
        Deprecate.Warning("old", "CRASH")()


def test_a_level_that_does_not_exist_is_an_error():
    with pytest.raises(ValueError, match="'LOUD' is not a level"):
        Deprecate.Warning("old", "LOUD")


class New:
    def __init__(self, value):
        self.value = value


def test_the_stub_of_a_class_warns_and_creates_an_instance():
    Old = Deprecate.makeClassStub(New, "use New", "WARN")
    with pytest.warns(DeprecationWarning, match="DEPRECATED: use New"):
        made = Old(1)
    assert made.value == 1
    assert isinstance(made, New)


def test_instances_of_the_class_are_instances_of_its_stub_but_not_of_subclasses_of_that():
    Old = Deprecate.makeClassStub(New, "use New")
    special = type("Special", (Old,), {})
    assert isinstance(New(1), Old)
    assert isinstance(special(1), special)
    assert not isinstance(New(1), special)


def test_a_component_may_have_a_stub():
    stub = Deprecate.makeClassStub(component, "use component")
    assert isinstance(stub(), component)


def test_the_stub_of_a_function_warns_and_calls_it():
    with pytest.warns(DeprecationWarning, match="use max"):
        assert Deprecate.makeFuncStub(max, "use max", "WARN")(1, 2) == 2


def test_a_module_may_warn_when_it_is_imported():
    assert emitted(Deprecate.deprecationWarning, "use New") == []
    with pytest.warns(DeprecationWarning, match="DEPRECATED: use New"):
        Deprecate.deprecationWarning("use New", "WARN")
