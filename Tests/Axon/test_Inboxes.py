"""component.inboxes: every box that a program looks at is the component's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Axon.AxonExceptions import noSpaceInBox
from Axon.Box import UNUSED, realsink
from Axon.Component import component

LOOKS = {
    "by name": lambda made: made.inboxes["inbox"],
    "get": lambda made: made.inboxes.get("inbox"),
    "items": lambda made: dict(made.inboxes.items())["inbox"],
    "values": lambda made: next(iter(made.inboxes.values())),
    "as a dict": lambda made: dict(made.inboxes)["inbox"],
    "joined": lambda made: (made.inboxes | {})["inbox"],
    "copied": lambda made: made.inboxes.copy()["inbox"],
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_every_access_to_a_box_returns_the_same_box(look):
    made, other = component(), component()
    box = look(made)
    box.setSize(2)
    box.append("x")
    assert (made.dataReady(), made.anyReady(), made.recv()) == (1, "inbox", "x")
    assert look(made) is box
    assert (other.anyReady(), component().anyReady()) == (False, False)
    others = (made.inboxes["control"], other.inboxes["inbox"], component().inboxes["inbox"])
    assert [each.getSize() for each in others] == [None] * 3
    other.link((other, "outbox"), (made, "inbox"))
    other.send(1), other.send(2)
    with pytest.raises(noSpaceInBox) as caught:
        other.send(3)
    assert caught.value.args == (2, 2)


def test_names_alone_create_no_storage():
    made = component()
    assert list(made.inboxes) == ["inbox", "control"]
    assert (len(made.inboxes), "inbox" in made.inboxes, "x" in made.inboxes) == (2, True, False)
    assert hasattr(made, "inboxes")
    assert made.inboxes.created() == {}
    assert list(made.inboxes.get("x", "?")) == ["?"]
    with pytest.raises(KeyError):
        made.inboxes["x"]


def test_a_program_may_add_replace_and_remove_boxes():
    made = component()
    made.inboxes["more"] = box = realsink(made._task, "more")
    assert made.inboxes["more"] is box
    del made.inboxes["more"]
    assert "more" not in made.inboxes
    made.inboxes = {"only": box}
    box.append(1)
    assert made.recv("only") == 1


def test_the_class_of_a_component_has_no_inboxes():
    assert not hasattr(component, "inboxes")


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["look", "size", "append", "send", "link", "unlink", "take"]),
        st.integers(0, 3),
        st.integers(0, 3),
    )
)


@given(ACTIONS)
def test_boxes_do_not_affect_each_other(actions):
    parts = [component() for _ in range(4)]
    held, sizes, links = [[] for _ in parts], [None] * 4, {}
    for message, (action, one, other) in enumerate(actions):
        if action == "look":
            assert list(parts[one].inboxes["inbox"]) == held[one]
        elif action == "size":
            sizes[one] = other + 5
            parts[one].inboxes["inbox"].setSize(other + 5)
        elif action == "append" and len(held[one]) < 5:
            parts[one].inboxes["inbox"].append(message)
            held[one].append(message)
        elif action == "send" and one in links and len(held[links[one][1]]) < 5:
            parts[one].send(message)
            held[links[one][1]].append(message)
        elif action == "link" and one not in links:
            joint = parts[0].link((parts[one], "outbox"), (parts[other], "inbox"))
            links[one] = (joint, other)
        elif action == "unlink" and one in links:
            parts[0].unlink(thelinkage=links.pop(one)[0])
        elif action == "take" and held[one]:
            assert parts[one].recv() == held[one].pop(0)
        assert [part.dataReady() for part in parts] == list(map(len, held))
    assert [part.inboxes["inbox"].getSize() for part in parts] == sizes
    assert (len(UNUSED), UNUSED.size, UNUSED.capacity, UNUSED.sources) == (0, None, None, ())
    assert component().anyReady() is False
