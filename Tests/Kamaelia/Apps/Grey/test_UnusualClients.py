"""Unusual clients and addresses: the reply of Kamaelia Grey beside that of a real Postfix.

The table in the guide is Docs/grey_clients.inc. This command writes it:

    KAMAELIA_WRITE_TABLE=1 python -m pytest Tests/Kamaelia/Apps/Grey/test_UnusualClients.py
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from Tests.Kamaelia.Apps.Grey.programs import ROOT
from Tests.Kamaelia.Apps.Grey.Service.test_Application import grey
from Tests.Kamaelia.Apps.Grey.unusual import CLIENTS, Client
from Tests.Kamaelia.Apps.Grey.wire import Caller

__all__ = ["grey"]  # a fixture

TABLE = ROOT / "Docs" / "grey_clients.inc"
HEAD = """\
.. Written by Tests/Kamaelia/Apps/Grey/test_UnusualClients.py, which asks both servers.

.. list-table::
   :header-rows: 1
   :widths: 34 12 12 42

   * - Client or address
     - Kamaelia Grey
     - Postfix
     - Reported in
"""


def answerTo(port: int, client: Client) -> str:
    """Return the code of the last reply, and whether the session ends after it."""
    caller = Caller(port)
    *_, last = caller.sayAll(*client.said)
    isOver = last[:3] != "354" and caller.say("NOOP")[:3] != "250"
    caller.close()
    return last[:3] + (", closes" if isOver else "")


def rowOf(client: Client, ours: str, postfixs: str) -> str:
    name = client.source if "#" in client.source else "surgemail.com"
    why = f" ({client.why})" if client.why else ""
    cells = [client.what, ours, postfixs, f"`{name} <{client.url}>`__{why}"]
    return "".join(
        f"   {'* -' if not index else '  -'} {each}\n" for index, each in enumerate(cells)
    )


@pytest.mark.needs("postfix")
@pytest.mark.skipif(os.getuid() != 0, reason="Postfix needs root")
def test_each_reply_is_that_of_Postfix_or_differs_for_a_reason_in_the_table(
    grey: Callable[..., Any], postfix: Callable[..., Any]
) -> None:
    real = postfix(virtual_mailbox_maps="static:box/", virtual_mailbox_domains="d.example")
    more = '[allow]\nclients = ["127.0.0.1"]'
    proxy = grey(far=real.port, domains="d.example", more=more)
    answers = [(answerTo(proxy.port, each), answerTo(real.port, each)) for each in CLIENTS]
    table = HEAD + "".join(rowOf(each, *both) for each, both in zip(CLIENTS, answers, strict=True))
    if os.environ.get("KAMAELIA_WRITE_TABLE"):
        TABLE.write_text(table)
    differ = {
        each.what: both
        for each, both in zip(CLIENTS, answers, strict=True)
        if (both[0][0] == both[1][0]) == bool(each.why)
    }
    assert differ == {}
    assert TABLE.read_text() == table


def test_there_are_at_least_forty_rows_and_each_has_a_report() -> None:
    assert len({each.what for each in CLIENTS}) == len(CLIENTS) >= 40
    assert all(each.url.startswith("https://") for each in CLIENTS)


def test_the_guide_has_the_table() -> None:
    assert f".. include:: {TABLE.name}" in Path(ROOT / "Docs" / "grey_about.rst").read_text()
