"""The errors that the page shows."""

import logging

import pytest

from Kamaelia.Visualisation.Live.ErrorLog import KEPT, LONGEST, ErrorLog


@pytest.fixture
def log():
    made = ErrorLog()
    made.open()
    yield made
    made.close()


def failWith(error, text="Worker_7 ended with an error"):
    logging.getLogger("Axon").error("%s", text, exc_info=error)


def test_an_error_is_kept_with_its_component_and_traceback(log):
    try:
        raise ValueError("the mistake")
    except ValueError as error:
        failWith(error)
    (kept,) = log.since(0)
    assert kept["component"] == "Worker_7"
    assert kept["text"] == "Worker_7 ended with an error"
    assert kept["traceback"].endswith("ValueError: the mistake\n")
    assert log.since(kept["number"]) == []


def test_only_the_last_errors_are_kept(log):
    for _ in range(KEPT + 5):
        failWith(ValueError("x"))
    kept = log.since(0)
    assert len(kept) == KEPT
    assert kept[-1]["number"] == KEPT + 5


def test_a_long_traceback_keeps_its_end(log):
    failWith(ValueError("y" * 100_000))
    assert len(log.since(0)[0]["traceback"]) == LONGEST


def test_warnings_are_no_errors(log):
    logging.getLogger("Axon").warning("slow")
    assert log.since(0) == []


def test_nothing_is_kept_after_close():
    log = ErrorLog()
    log.open()
    log.close()
    failWith(ValueError("x"))
    assert log.since(0) == []
