"""Sequence diagrams as text and for Mermaid."""

import re

import pytest

from Kamaelia.Support.Drawing.Sequence import Passed, sequenceMermaid, sequenceText

MESSAGES = [
    Passed("READER", "outbox", "ECHO", "inbox", "'hello'"),
    Passed("ECHO", "outbox", "READER", "inbox", "'HELLO'"),
    Passed("READER", "signal", "ECHO", "control", "producerFinished()"),
]


def test_the_text_has_one_numbered_line_for_each_message():
    assert sequenceText(MESSAGES).splitlines() == [
        "1  READER.outbox -> ECHO.inbox: 'hello'",
        "2  ECHO.outbox -> READER.inbox: 'HELLO'",
        "3  READER.signal -> ECHO.control: producerFinished()",
    ]
    assert sequenceText(MESSAGES * 4).splitlines()[0].startswith(" 1  ")


def test_the_arrow_of_a_control_message_is_dashed_in_mermaid():
    assert sequenceMermaid(MESSAGES).splitlines() == [
        "sequenceDiagram",
        "    participant p1 as READER",
        "    participant p2 as ECHO",
        "    p1->>p2: outbox to inbox: 'hello'",
        "    p2->>p1: outbox to inbox: 'HELLO'",
        "    p1-->>p2: signal to control: producerFinished()",
    ]


@pytest.mark.parametrize(
    "name",
    ['"quoted"', "<script>", "a;b", "end #35;", "line\nend", "\u202eright to left", "x" * 10_000],
    ids=["quotes", "tag", "semicolon", "entity", "newline", "right to left", "long"],
)
def test_a_name_or_text_cannot_end_a_statement(name):
    message = Passed(name, name, name, name, name)
    text, diagram = sequenceText([message]), sequenceMermaid([message])
    assert [len(text.splitlines()), len(diagram.splitlines())] == [1, 3]
    assert "\u202e" not in text + diagram
    assert not set('<;#"') & set(re.sub(r"#\d+;", "", diagram))


def test_no_messages_are_an_empty_diagram():
    assert (sequenceText([]), sequenceMermaid([])) == ("", "sequenceDiagram")
