"""Fanout sends every message to every outbox."""

import pytest

from Axon.testing import FINISHED, feed
from Kamaelia.Util.Fanout import Fanout, fanout


def test_each_outbox_sends_every_message():
    outcome = feed(Fanout(["left", "right"]), inbox=[1, 2])
    assert outcome == {"outbox": [], "signal": [FINISHED], "left": [1, 2], "right": [1, 2]}


def test_boxes_belong_to_the_instance():
    Fanout(["left"])
    assert set(Fanout(["right"]).outboxes) == {"outbox", "signal", "right"}


def test_one_of_the_names_may_be_outbox():
    assert feed(Fanout(["outbox", "more"]), inbox=[1])["outbox"] == [1]


def test_a_str_instead_of_a_list_of_names_is_an_error():
    with pytest.raises(TypeError, match=r"\['left'\]"):
        Fanout("left")


def test_the_historical_name_is_the_same_class():
    assert fanout is Fanout
