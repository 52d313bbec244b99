import os

import pytest

from Axon.Ipc import shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Apps.Europython09.Util import Find, Grep, Sort, TwoWayBalancer
from Kamaelia.Chassis.Pipeline import Pipeline
from Tests.Kamaelia.consumers import runInto


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.py").write_text("")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.py").write_text("")
    (tmp_path / "sub" / "c.txt").write_text("")
    os.symlink(tmp_path, tmp_path / "sub" / "loop")
    return tmp_path


@pytest.mark.parametrize(
    ("walktype", "names"),
    [
        ("f", {"a.py", "sub/b.py", "sub/c.txt", "sub/loop"}),
        ("d", {"sub"}),
        ("a", {"a.py", "sub", "sub/b.py", "sub/c.txt", "sub/loop"}),
    ],
)
def test_find_sends_the_paths_below_a_folder(folder, walktype, names):
    outcome = feed(Find(path=str(folder), walktype=walktype), control=())
    assert {os.path.relpath(path, folder) for path in outcome["outbox"]} == names
    assert [end.message for end in outcome["signal"]] == [None]


def test_a_folder_that_is_missing_is_an_error_if_it_is_asked_for(tmp_path):
    missing = str(tmp_path / "none")
    assert feed(Find(path=missing), control=())["signal"][0].message is None
    (end,) = feed(Find(path=missing, act_like_find=False), control=())["signal"]
    assert isinstance(end.message, FileNotFoundError)
    with pytest.raises(ValueError, match="walktype is 'x'"):
        Find(walktype="x")


def test_a_shutdown_ends_find(folder):
    end = shutdownMicroprocess()
    assert feed(Find(path=str(folder)), control=[end])["signal"] == [end]


def test_find_sort_and_grep_are_a_pipeline(folder):
    found = feed(
        Pipeline(Find(path=str(folder), walktype="f"), Sort(), Grep(pattern="py$")), control=()
    )
    assert found["outbox"] == [str(folder / "a.py"), str(folder / "sub" / "b.py")]


def test_grep_may_be_inverted():
    assert feed(Grep(pattern="^a", invert=True), inbox=["ab", "ba"])["outbox"] == ["ba"]


def test_the_balancer_sends_to_both_sides_in_turn():
    outcome = feed(TwoWayBalancer(), inbox=[1, 2, 3])
    assert (outcome["outbox1"], outcome["outbox2"]) == ([1, 3], [2])
    assert outcome["signal1"] == outcome["signal2"] == [FINISHED]


def test_a_slow_receiver_gets_everything():
    source = Sort()
    for number in range(20, 0, -1):
        source.deliver(number)
    source.deliver(FINISHED, "control")
    assert runInto(source, size=2).got == list(range(1, 21))
