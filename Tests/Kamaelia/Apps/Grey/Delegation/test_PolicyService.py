"""What all connections of a policy service share: the last stage at which a mail is asked about."""

import pytest

from Kamaelia.Apps.Grey.Delegation.PolicyService import LastStage
from Kamaelia.Support.Protocol.PolicyDelegation import DATA, END, RCPT, STAGES


def test_a_stage_is_the_last_one_until_a_later_one_is_asked_about() -> None:
    stage = LastStage()
    assert stage.isLast(RCPT)
    for asked in (END, DATA, RCPT):
        stage.note(asked)
        assert [stage.isLast(each) for each in (RCPT, DATA, END)] == [False, False, True]


@pytest.mark.parametrize("known", STAGES)
def test_no_stage_before_the_known_one_is_the_last(known: str) -> None:
    before = STAGES[: STAGES.index(known)]
    assert not any(LastStage(known).isLast(each) for each in before)
    assert LastStage(known).isLast(known)
