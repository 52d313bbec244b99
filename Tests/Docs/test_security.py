"""SECURITY.md states the limits that the code has."""

import re
from pathlib import Path

import pytest

from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Chassis.ConnectedServer import ServerCore
from Kamaelia.Support.Protocol import ProxyHeader
from Kamaelia.Support.Protocol.SMTP import Line, Reply
from Kamaelia.Support.Protocol.SMTP.CommandLog import MOST_OCTETS
from Kamaelia.Support.Settings.Sections import ListenSection

PAGE = (Path(__file__).resolve().parents[2] / "SECURITY.md").read_text(encoding="utf-8")

LIMITS = {
    "size of a mail": ConcreteMailHandler.max_message_size,
    "recipients of a mail": ConcreteMailHandler.max_recipients,
    "answers of 5xx in a session": ConcreteMailHandler.max_errors,
    "silence of a client": ConcreteMailHandler.inactivity_timeout,
    "average rate of the text of a mail, at least": ConcreteMailHandler.min_text_rate,
    "lines of commands that are kept": MOST_OCTETS,
    "duration of a session, but for the text of a mail": ConcreteMailHandler.session_timeout,
    "a decision of the policy": ConcreteMailHandler.policy_timeout,
    "a command line": Line.LONGEST_LINE,
    "a command line with parameters": Line.LONGEST_LINE_WITH_PARAMETERS,
    "a line of the real server's reply": Reply.LONGEST_REPLY_LINE,
    "a PROXY header, version 1": ProxyHeader.LONGEST_LINE,
    "end of a server, for its connections": ServerCore.grace,
    "connections in each worker": ListenSection().max_connections,
    "connections of one IPv4 address or IPv6 /64": ListenSection().max_connections_per_peer,
}
ROWS = dict(re.findall(r"^\| ([^|]+?) \| (\d+)", PAGE, re.MULTILINE))


@pytest.mark.parametrize("what", LIMITS)
def test_each_limit_agrees_with_the_page(what):
    assert float(ROWS[what]) == LIMITS[what]


def test_the_page_states_no_other_limits():
    assert set(ROWS) == set(LIMITS)
