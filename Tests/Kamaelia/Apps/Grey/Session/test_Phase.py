"""The phases of a client's connection."""

import pytest

from Kamaelia.Apps.Grey.MailHandler import MailHandler
from Kamaelia.Apps.Grey.Session.Phase import STOPPING, TRANSITIONS, IllegalTransition, Phase


def handlerIn(phase: Phase) -> MailHandler:
    handler = MailHandler()
    handler.phase = phase
    return handler


@pytest.mark.parametrize("before", Phase)
@pytest.mark.parametrize("after", Phase)
def test_a_handler_enters_only_the_phases_of_the_table(before: Phase, after: Phase) -> None:
    handler = handlerIn(before)
    isStopping = before in STOPPING.values()
    expected = STOPPING.get(after, after) if isStopping else after
    if before is Phase.GONE:
        handler.enter(after)
        assert handler.phase is Phase.GONE
    elif expected is before or expected in TRANSITIONS[before]:
        handler.enter(after)
        assert handler.phase is expected
    else:
        with pytest.raises(IllegalTransition, match=f"{expected.name} cannot follow {before.name}"):
            handler.enter(after)
        assert handler.phase is before


def test_a_shutdown_that_has_begun_is_not_taken_back() -> None:
    for before in STOPPING.values():
        assert TRANSITIONS[before] <= {*STOPPING.values(), Phase.GONE}


def test_a_client_that_is_gone_does_not_come_back() -> None:
    handler = handlerIn(Phase.SERVER)
    handler.client_connected = False
    handler.enter(Phase.CLIENT)
    assert (handler.phase, handler.client_connected, handler.isOver()) == (Phase.GONE, False, True)


@pytest.mark.parametrize("phase", Phase)
def test_the_client_is_not_read_while_policy_or_the_real_server_has_to_answer(
    phase: Phase,
) -> None:
    waiting = {Phase.POLICY, Phase.SERVER, Phase.POLICY_STOPPING, Phase.SERVER_STOPPING}
    assert handlerIn(phase).isWaiting == (phase in waiting)
    assert phase.isReading == (phase in (Phase.CLIENT, Phase.CLIENT_STOPPING))
