"""A socket that each signal makes readable."""

import select
import signal

import pytest

from Axon.SignalSocket import SignalSocket


def isReadable(signalled):
    return bool(select.select([signalled], [], [], 0)[0])


@pytest.fixture
def handled():
    """Handle SIGUSR1 by a function that does nothing."""
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    yield
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.usefixtures("handled")
def test_it_is_readable_from_a_signal_until_it_is_cleared():
    with SignalSocket() as signalled:
        assert not isReadable(signalled)
        signal.raise_signal(signal.SIGUSR1)
        assert isReadable(signalled)
        signalled.clear()
        assert not isReadable(signalled)


@pytest.mark.usefixtures("handled")
def test_many_signals_are_no_error_and_are_cleared():
    with SignalSocket() as signalled:
        for _ in range(2000):
            signal.raise_signal(signal.SIGUSR1)
        while isReadable(signalled):
            signalled.clear()


def test_when_it_is_closed_signals_write_to_it_no_more():
    with SignalSocket():
        pass
    assert signal.set_wakeup_fd(-1) == -1
