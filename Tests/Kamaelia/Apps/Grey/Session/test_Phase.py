"""The phases of a client's connection."""

import pytest

from Kamaelia.Apps.Grey.MailHandler import MailHandler
from Kamaelia.Apps.Grey.Session.Phase import TRANSITIONS, IllegalTransition, Phase


def handlerIn(phase: Phase) -> MailHandler:
    handler = MailHandler()
    handler.phase = phase
    return handler


@pytest.mark.parametrize("before", Phase)
@pytest.mark.parametrize("after", Phase)
def test_a_handler_enters_only_the_phases_of_the_table(before: Phase, after: Phase) -> None:
    handler = handlerIn(before)
    if before in (after, Phase.GONE) or after in TRANSITIONS[before]:
        handler.enter(after)
        assert handler.phase is (Phase.GONE if before is Phase.GONE else after)
    else:
        with pytest.raises(IllegalTransition, match=f"{after.name} cannot follow {before.name}"):
            handler.enter(after)


def test_a_client_that_is_gone_does_not_come_back() -> None:
    handler = handlerIn(Phase.SERVER)
    handler.client_connected = False
    handler.enter(Phase.CLIENT)
    assert (handler.phase, handler.client_connected, handler.isOver()) == (Phase.GONE, False, True)


@pytest.mark.parametrize("phase", Phase)
def test_the_client_is_not_heard_while_policy_or_the_real_server_has_to_answer(
    phase: Phase,
) -> None:
    assert handlerIn(phase).isWaiting == (phase in (Phase.POLICY, Phase.SERVER))
