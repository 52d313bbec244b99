import logging

import pytest

from Axon import debugConfigDefaults, debugConfigFile
from Axon.AxonExceptions import AxonException
from Axon.debug import debug

SECTION = "Greeter.main"


@pytest.fixture(autouse=True)
def _without_configuration(monkeypatch):
    monkeypatch.setattr(debug, "configs", None)
    monkeypatch.setattr(debug, "noConfig", True)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "debug.conf"
    path.write_text(f"{SECTION} 5 default\n")
    return str(path)


def wanting(**sections):
    debugger = debug()
    debugger.addDebug(**sections)
    return debugger


def test_a_message_is_logged_up_to_the_level_of_its_section(caplog):
    debugger = wanting(**{SECTION: 5})
    for level in 4, 5, 6:
        assert debugger.note(SECTION, level, "level", level) is True
    assert caplog.record_tuples == [
        ("Axon.debug.Greeter.main", logging.DEBUG, "level 4"),
        ("Axon.debug.Greeter.main", logging.DEBUG, "level 5"),
    ]


def test_debug_is_another_name_for_note():
    assert debug.debug is debug.note


def test_a_message_goes_to_standard_output_if_logging_is_not_configured(capsys, monkeypatch):
    # in here, as pytest listens to every logger that it finds when a test begins
    monkeypatch.setattr(logging.getLogger("Axon.debug"), "propagate", False)
    wanting(**{SECTION: 1}).note(SECTION, 1, "a guest:", 7)
    assert capsys.readouterr().out.endswith(f" | {SECTION} | a guest: 7\n")


def test_a_message_with_percent_signs_is_logged_unchanged(caplog):
    wanting(**{SECTION: 1}).note(SECTION, 1, "100%s")
    assert caplog.messages == ["100%s"]


def test_debugmessage_is_logged_at_any_level(caplog):
    debug().debugmessage(SECTION, "listen")
    assert caplog.messages == ["listen"]


def test_an_object_without_sections_logs_nothing(caplog):
    assert debug().note(SECTION, 0, "hush") is True
    assert not caplog.messages


def test_areDebugging_returns_whether_a_message_is_logged():
    debugger = wanting(**{SECTION: 5})
    assert debugger.areDebugging(SECTION, 5) is True
    assert debugger.areDebugging(SECTION, 6) is False
    assert debugger.areDebugging("other", 0) is False


def test_sections_are_added_and_replaced_for_one_object_only():
    debugger = wanting(a=1, b=2)
    debugger.addDebugSection("b", 3)
    assert debugger.debugSections == {"a": 1, "b": 3}
    debugger.setDebugSections(c=4)
    assert debugger.debugSections == {"c": 4}
    assert debug().debugSections == {}


def test_the_level_changes_by_five_but_not_below_zero():
    debugger = debug()
    debugger.decreaseDebug("a")
    assert debugger.debugSections == {}
    debugger.increaseDebug("a")
    debugger.increaseDebug("a")
    assert debugger.debugSections == {"a": 10}
    debugger.addDebugSection("a", 7)
    debugger.decreaseDebug("a")
    assert debugger.debugSections == {"a": 2}
    debugger.decreaseDebug("a")
    assert debugger.debugSections == {"a": 0}


def test_the_first_file_that_is_used_serves_all_objects(config):
    first, second = debug(), debug()
    first.useConfig(config)
    second.useConfig("no such file")
    assert first.debugSections == second.debugSections == {SECTION: 5}
    first.increaseDebug(SECTION)
    assert second.debugSections == {SECTION: 5}


def test_without_a_file_nothing_is_logged_and_every_section_may_be_used(tmp_path):
    debugger = debug()
    debugger.useConfig(str(tmp_path / "debug.conf"))
    assert debugConfigDefaults.defaultConfig() == {}
    assert debugger.debugSections == {}
    assert debugger.note("any", 1, "hush") is True


def test_with_a_file_a_section_that_it_does_not_have_is_a_mistake(config):
    debugger = debug()
    debugger.useConfig(config)
    with pytest.raises(AxonException, match=r"'Greeter\.mian'; it knows Greeter\.main"):
        debugger.note("Greeter.mian", 1, "oops")


def test_an_object_can_ignore_unknown_sections(config):
    debugger = debug(assertBadDebug=False)
    debugger.useConfig(config)
    assert debugger.note("Greeter.mian", 1, "oops") is True


def test_a_file_contains_level_and_location_of_each_section(tmp_path):
    path = tmp_path / "debug.conf"
    path.write_text("# comment\n\n   \n  # another\na.b  5  default\nc\t10 elsewhere\nd 0\n")
    assert debugConfigFile.readConfig(str(path)) == {
        "a.b": (5, "default"),
        "c": (10, "elsewhere"),
        "d": (0, "default"),
    }


@pytest.mark.parametrize("line", ["a", "a five default", "a 5 default more", "a -5 default"])
def test_a_line_that_cannot_be_understood_is_an_error_that_shows_it(tmp_path, line):
    path = tmp_path / "debug.conf"
    path.write_text(f"b 1 default\n{line}\n")
    with pytest.raises(ValueError, match=f"line 2: .*{line!r}$"):
        debugConfigFile.readConfig(str(path))
    assert debug.noConfig is True


def test_an_existing_file_with_an_error_is_not_ignored(tmp_path):
    path = tmp_path / "debug.conf"
    path.write_text("a five default\n")
    with pytest.raises(ValueError, match="line 1"):
        debug().useConfig(str(path))
