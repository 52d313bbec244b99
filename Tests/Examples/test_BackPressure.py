import pytest


@pytest.mark.parametrize("capacity", [1, 2, 10, 100])
def test_no_more_messages_than_the_capacity_wait(run, capacity):
    done = run("BackPressure/backlog.py", "--messages", 1000, "--capacity", capacity)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "without a capacity: at most 900 messages waited",
        f"with a capacity: at most {capacity} messages waited",
    ]
