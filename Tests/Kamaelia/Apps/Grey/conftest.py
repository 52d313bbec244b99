"""Clients are closed when their test is over."""

from collections.abc import Iterator

import pytest

from Tests.Kamaelia.Apps.Grey.wire import Caller


@pytest.fixture(autouse=True)
def _closedCallers() -> Iterator[None]:
    yield
    while Caller.opened:
        Caller.opened.pop().close()
