"""Fanout: every message to every outbox."""

import pytest

from Axon.testing import FINISHED, feed
from Kamaelia.Util.Fanout import Fanout, fanout


def test_each_outbox_gets_each_message():
    outcome = feed(Fanout(["left", "right"]), inbox=[1, 2])
    assert outcome == {"outbox": [], "signal": [FINISHED], "left": [1, 2], "right": [1, 2]}


def test_boxes_belong_to_the_instance():
    Fanout(["left"])
    assert set(Fanout(["right"]).outboxes) == {"outbox", "signal", "right"}


def test_outbox_may_be_one_of_them():
    assert feed(Fanout(["outbox", "more"]), inbox=[1])["outbox"] == [1]


def test_one_name_in_place_of_a_list_is_an_error():
    with pytest.raises(TypeError, match=r"\['left'\]"):
        Fanout("left")


def test_the_old_name_is_the_same_thing():
    assert fanout is Fanout
