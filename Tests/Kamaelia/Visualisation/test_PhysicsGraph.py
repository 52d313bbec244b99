import pytest

from Axon.Ipc import producerFinished
from Axon.testing import FINISHED, feed
from Kamaelia.Visualisation.Axon.AxonVisualiserServer import text_to_token_lists
from Kamaelia.Visualisation.ER import ERVisualiserServer
from Kamaelia.Visualisation.PhysicsGraph.chunks_to_lines import chunks_to_lines
from Kamaelia.Visualisation.PhysicsGraph.lines_to_tokenlists import lines_to_tokenlists

TEXT = "ADD NODE 1 'Käse' auto -\r\n\r\nDEL ALL\nlast"


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize("data", [TEXT, TEXT.encode()])
def test_lines_do_not_depend_on_how_the_text_is_cut(data, size):
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    outcome = feed(chunks_to_lines(), inbox=pieces)
    assert outcome["outbox"] == ["ADD NODE 1 'Käse' auto -", "", "DEL ALL", "last"]
    assert outcome["signal"] == [FINISHED]


def test_a_line_that_an_error_has_cut_short_is_discarded():
    broken = producerFinished(None, OSError())
    assert feed(chunks_to_lines(), inbox=["one\ntw"], control=[broken])["outbox"] == ["one"]


def test_bytes_that_are_not_text_are_replaced():
    assert feed(chunks_to_lines(), inbox=[b"\xff\n\xc3"])["outbox"] == ["\ufffd", "\ufffd"]


def test_a_line_over_the_limit_ends_it_with_an_error():
    outcome = feed(chunks_to_lines(limit=10), inbox=["short\n" + "x" * 11])
    assert isinstance(outcome["signal"][0].message, ValueError)


def test_lines_become_lists_of_words():
    inbox = ["Hello 'john said \"hi\"'", "  ", "not 'closed"]
    assert feed(lines_to_tokenlists(), inbox=inbox)["outbox"] == [["Hello", 'john said "hi"']]


def test_text_becomes_lists_of_words():
    outcome = feed(text_to_token_lists(), inbox=[TEXT.encode()])
    expected = [["ADD", "NODE", "1", "Käse", "auto", "-"], ["DEL", "ALL"], ["last"]]
    assert outcome["outbox"] == expected
    assert ERVisualiserServer.text_to_token_lists is text_to_token_lists
