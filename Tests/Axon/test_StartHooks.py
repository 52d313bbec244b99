"""Functions of installed packages that are called once per run."""

import asyncio
import logging
from types import SimpleNamespace

import pytest

from Axon import StartHooks
from Axon.Component import component
from Axon.Scheduler import scheduler


class Brief(component):
    def main(self):
        yield 1


@pytest.fixture
def calls(monkeypatch):
    """Install the entry point `test`, which belongs to KAMAELIA_TEST; return its calls."""
    made = []

    def start(host, value):
        made.append(("start", value, host.loop is not None, len(host.tasks)))
        if value == "none":
            return None
        if value == "raise":
            raise ValueError("no such suffix")
        if value == "bug":
            raise RuntimeError("a bug")
        return lambda: made.append(("end", len(host.tasks)))

    point = SimpleNamespace(name="test", load=lambda: start)
    monkeypatch.setattr(StartHooks, "_entryPoints", lambda: (("KAMAELIA_TEST", point),))
    return made


def test_nothing_is_called_without_the_variable(calls, monkeypatch):
    monkeypatch.setenv("KAMAELIA_OTHER", "x")
    Brief().run()
    assert calls == []


def test_it_is_called_before_the_first_turn_and_at_the_end(calls, monkeypatch):
    monkeypatch.setenv("KAMAELIA_TEST", "x")
    Brief().run()
    assert calls == [("start", "x", True, 1), ("end", 0)]


def test_it_is_called_once_in_each_run(calls, monkeypatch):
    monkeypatch.setenv("KAMAELIA_TEST", "none")
    Brief().run()
    Brief().run()
    assert calls == [("start", "none", True, 1)] * 2


def test_it_is_called_in_a_run_within_another_loop(calls, monkeypatch):
    monkeypatch.setenv("KAMAELIA_TEST", "x")
    Brief().activate()
    asyncio.run(scheduler.run.runAsync())
    assert calls == [("start", "x", True, 1), ("end", 0)]


def test_a_run_by_hand_has_no_loop(calls, monkeypatch):
    monkeypatch.setenv("KAMAELIA_TEST", "x")
    Brief().activate()
    for _ in scheduler.run.main():
        pass
    assert calls == [("start", "x", False, 1), ("end", 0)]


@pytest.mark.parametrize("value", ["off", "OFF", "0", "no", "false"])
def test_observation_can_be_forbidden(calls, monkeypatch, value):
    monkeypatch.setenv("KAMAELIA_TEST", "x")
    monkeypatch.setenv("KAMAELIA_OBSERVE", value)
    Brief().run()
    assert calls == []
    assert not StartHooks.isObservationAllowed()


def test_the_end_is_called_after_an_error_of_the_run(calls, monkeypatch):
    class Failing(component):
        def main(self):
            yield 1
            raise LookupError("broken")

    monkeypatch.setenv("KAMAELIA_TEST", "x")
    with pytest.raises(LookupError):
        Failing().run()
    assert calls == [("start", "x", True, 1), ("end", 0)]


@pytest.mark.parametrize(("value", "hasTraceback"), [("raise", False), ("bug", True)])
def test_an_error_is_logged_and_the_program_runs(calls, monkeypatch, caplog, value, hasTraceback):
    monkeypatch.setenv("KAMAELIA_TEST", value)
    Brief().run()
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("KAMAELIA_TEST has no effect: ")
    assert bool(record.exc_info) == hasTraceback


def test_the_entry_points_of_kamaelia_are_installed():
    names = [name for name, _ in StartHooks._entryPoints()]
    assert {"KAMAELIA_GRAPH", "KAMAELIA_INSPECT"} <= set(names)
