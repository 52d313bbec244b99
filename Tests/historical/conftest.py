import os
from pathlib import Path

import pytest

from Tests.conftest import REQUIRE
from Tests.historical import distribution


@pytest.fixture(scope="session")
def historical() -> Path:
    """Return the directory of the historical distribution; skip the test if it is not there."""
    found = distribution.find()
    if found is None:
        reason = "needs the historical distribution, which `make historical` downloads"
        if os.environ.get(REQUIRE):
            pytest.fail(f"{reason}, and {REQUIRE} is set", pytrace=False)
        pytest.skip(reason)
    return found
