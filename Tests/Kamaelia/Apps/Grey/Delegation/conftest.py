"""A real Postfix that asks the policy service."""

from collections.abc import Callable
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Tests.Kamaelia.Apps.Grey.Delegation.sessions import handlers, restrictions
from Tests.Kamaelia.Apps.Grey.postfix import Postfix


@pytest.fixture
def asked(serving: Any, postfix: Callable[..., Postfix]) -> Callable[..., Any]:
    """asked(greylist, stages, client) -> what client(postfix) returns."""

    def run(greylist: Greylist, stages: list[str], client: Any, deferral: str = "451") -> Any:
        def work(server: Any) -> Any:
            service = f"inet:127.0.0.1:{server.ports[0]}"
            return client(postfix(**restrictions(service, *stages)))

        return serving(work, protocol=handlers(greylist, deferral))

    return run
