"""Endings: what is said of an error, and how several become one."""

import asyncio

import pytest

from Axon import ErrorRouting
from Axon.Component import component
from Axon.Microprocess import microprocess


def test_an_error_is_raised_as_it_is_and_none_is_no_error():
    error = ValueError()
    ErrorRouting.raiseAll([])
    with pytest.raises(ValueError) as caught:
        ErrorRouting.raiseAll([error])
    assert caught.value is error


def test_several_errors_are_a_group_that_keeps_their_order():
    errors = [ValueError(), KeyError(), RuntimeError()]
    with pytest.raises(ExceptionGroup) as caught:
        ErrorRouting.raiseAll(errors)
    assert list(caught.value.exceptions) == errors


def test_with_a_GeneratorExit_among_them_the_group_is_no_Exception():
    with pytest.raises(BaseExceptionGroup) as caught:
        ErrorRouting.raiseAll([ValueError(), GeneratorExit()])
    assert not isinstance(caught.value, Exception)


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_an_interrupt_takes_precedence(interrupt):
    with pytest.raises(interrupt):
        ErrorRouting.raiseAll([ValueError(), interrupt(), KeyError()])


def test_a_note_names_the_component_and_its_boxes_once():
    error, culprit = ValueError(), component()
    ErrorRouting.describe(error, culprit)
    ErrorRouting.describe(error, culprit)
    assert error.__notes__ == [
        f"raised in {culprit.name} (component, inboxes: inbox, control, outboxes: outbox, signal)"
    ]


def test_a_microprocess_has_no_boxes_to_name():
    error, culprit = ValueError(), microprocess()
    ErrorRouting.describe(error, culprit)
    assert error.__notes__ == [f"raised in {culprit.name} (microprocess)"]
