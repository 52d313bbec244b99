import pytest

from Axon.AxonExceptions import (
    AccessToUndeclaredTrackedVariable,
    BadComponent,
    BadInbox,
    BadParentTracker,
    MultipleServiceDeletion,
    NamespaceClash,
    ServiceAlreadyExists,
)
from Axon.CoordinatingAssistantTracker import coordinatingassistanttracker


class Greeter:
    """What a tracker wants to know of a component."""

    def __init__(self):
        self.inboxes = {"inbox": [], "control": []}


class Confused:
    inboxes = 5


@pytest.fixture(autouse=True)
def _no_tracker_has_been_made(monkeypatch):
    monkeypatch.setattr(coordinatingassistanttracker, "basecat", None)


@pytest.fixture
def tracker():
    return coordinatingassistanttracker()


@pytest.fixture
def greeter():
    return Greeter()


def test_a_new_tracker_knows_nothing(tracker):
    assert tracker.servicesRegistered() == []
    assert tracker.informationItemsLogged() == []


def test_the_system_has_one_tracker_which_is_the_first_that_is_made():
    first = coordinatingassistanttracker()
    coordinatingassistanttracker()
    assert coordinatingassistanttracker.getcat() is first
    assert first.getcat() is first


def test_getcat_creates_the_tracker_of_the_system():
    tracker = coordinatingassistanttracker.getcat()
    assert isinstance(tracker, coordinatingassistanttracker)
    assert coordinatingassistanttracker.basecat is tracker


@pytest.mark.parametrize("parent", ["foobar", 0, Greeter()])
def test_a_parent_that_is_not_a_tracker_raises_BadParentTracker(parent):
    with pytest.raises(BadParentTracker, match="has to be a tracker"):
        coordinatingassistanttracker(parent)


def test_a_tracker_may_have_a_parent(tracker):
    assert coordinatingassistanttracker(parent=tracker)._parent is tracker


def test_a_service_is_found_by_its_name(tracker, greeter):
    tracker.registerService("greetings", greeter, "inbox")
    assert tracker.retrieveService("greetings") == (greeter, "inbox")
    assert tracker.servicesRegistered() == ["greetings"]


def test_an_unknown_service_is_a_KeyError(tracker):
    with pytest.raises(KeyError, match="greetings"):
        tracker.retrieveService("greetings")


def test_a_name_is_given_to_one_service_only(tracker, greeter):
    tracker.registerService("greetings", greeter, "inbox")
    with pytest.raises(ServiceAlreadyExists, match="a service 'greetings' already"):
        tracker.registerService("greetings", greeter, "control")
    assert tracker.retrieveService("greetings") == (greeter, "inbox")


@pytest.mark.parametrize("thing", ["text", None, Greeter, Confused()])
def test_only_a_component_can_offer_a_service(tracker, thing):
    with pytest.raises(BadComponent) as caught:
        tracker.registerService("greetings", thing, "inbox")
    assert caught.value.args == (thing,)
    assert tracker.servicesRegistered() == []


def test_an_inbox_that_does_not_exist_cannot_be_a_service(tracker, greeter):
    with pytest.raises(BadInbox) as caught:
        tracker.registerService("greetings", greeter, "outbox")
    assert caught.value.args == (greeter, "outbox")
    assert tracker.servicesRegistered() == []


def test_a_service_that_was_removed_is_gone_and_its_name_is_free(tracker, greeter):
    tracker.registerService("greetings", greeter, "inbox")
    tracker.deRegisterService("greetings")
    assert tracker.servicesRegistered() == []
    tracker.registerService("greetings", greeter, "control")


def test_a_service_is_removed_once(tracker, greeter):
    tracker.registerService("greetings", greeter, "inbox")
    tracker.deRegisterService("greetings")
    with pytest.raises(MultipleServiceDeletion, match="no service 'greetings'"):
        tracker.deRegisterService("greetings")


def test_a_value_is_tracked_changed_and_retrieved(tracker):
    tracker.trackValue("guests", None)
    assert tracker.retrieveValue("guests") is None
    tracker.updateValue("guests", 6)
    assert tracker.retrieveValue("guests") == 6
    assert tracker.informationItemsLogged() == ["guests"]


def test_a_value_is_tracked_once(tracker):
    tracker.trackValue("guests", 5)
    with pytest.raises(NamespaceClash, match="'guests' is tracked already"):
        tracker.trackValue("guests", 6)
    assert tracker.retrieveValue("guests") == 5


def test_an_untracked_value_can_be_neither_changed_nor_retrieved(tracker):
    with pytest.raises(AccessToUndeclaredTrackedVariable) as caught:
        tracker.updateValue("guests", 5)
    assert caught.value.args == ("guests", 5)
    with pytest.raises(AccessToUndeclaredTrackedVariable) as caught:
        tracker.retrieveValue("guests")
    assert caught.value.args == ("guests",)


def test_services_and_values_may_have_the_same_names(tracker, greeter):
    tracker.registerService("greetings", greeter, "inbox")
    tracker.trackValue("greetings", 0)


def test_zap_forgets_everything(tracker, greeter):
    tracker.registerService("greetings", greeter, "inbox")
    tracker.trackValue("guests", 5)
    tracker.zap()
    assert tracker.servicesRegistered() == tracker.informationItemsLogged() == []


def test_what_a_tracker_lists_is_not_its_own_list(tracker):
    tracker.trackValue("guests", 5)
    tracker.informationItemsLogged().clear()
    assert tracker.informationItemsLogged() == ["guests"]


def test_a_tracker_that_is_run_has_idle_turns_only(tracker):
    turns = tracker.main()
    assert [next(turns), next(turns)] == [1, 1]
