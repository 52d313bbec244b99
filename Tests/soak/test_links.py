"""The scenarios with links, reduced; the others have tests in Tests/Kamaelia/Net."""

import pytest

from Tests.soak.links import SCENARIOS, places


@pytest.mark.needs("redis-server", "openssl")
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("name", "transport"), [("slow", "tcp"), ("slow", "unix"), ("end", "tcp"), ("stop", "unix")]
)
def test_nothing_is_lost(name: str, transport: str) -> None:
    with places(transport) as place:
        outcome = SCENARIOS[name].run(place, 0.002)
    assert outcome.isGood(), outcome
