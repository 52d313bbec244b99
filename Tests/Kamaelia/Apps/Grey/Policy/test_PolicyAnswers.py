"""The answers that policy keeps for one mail."""

from asyncio import new_event_loop
from collections.abc import Iterator
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Policy.PolicyAnswers import PolicyAnswers
from Kamaelia.Apps.Grey.Stores.Later import Later


@pytest.fixture
def future() -> Iterator[Any]:
    loop = new_event_loop()
    yield loop.create_future()
    loop.close()


def test_a_question_is_asked_once() -> None:
    asked: list[str] = []
    answers = PolicyAnswers()
    for _ in range(2):
        assert answers.get("name", lambda: asked.append("192.0.2.1") or len(asked)) == 1
    assert asked == ["192.0.2.1"]


def test_an_answer_that_is_not_there_yet_raises_later_with_its_own_time(future: Any) -> None:
    answers = PolicyAnswers()
    with pytest.raises(Later) as raised:
        answers.get("spf", lambda: future, extra=20.0)
    assert (raised.value.future, raised.value.extra) == (future, 20.0)
    future.set_result("pass")
    assert answers.get("spf", lambda: pytest.fail("it is asked again")) == "pass"


def test_a_store_that_answers_later_is_waited_for(future: Any) -> None:
    def ask() -> None:
        raise Later(future)

    answers = PolicyAnswers()
    with pytest.raises(Later):
        answers.get("triple", ask)
    future.set_result(True)
    assert answers.get("triple", ask) is True
