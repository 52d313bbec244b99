"""Links over a real redis-server that is killed, emptied or stopped."""

import signal

import pytest

from Tests.Kamaelia.Net.processes import finish, lostAndRepeated, numbersOf, start

COUNT = 20000


@pytest.mark.parametrize("isEmpty", [False, True])
def test_a_killed_server_loses_nothing_even_if_its_files_are_deleted(redis, address, isEmpty):
    writer = start("writer", redis.url, COUNT)
    reader = start("reader", redis.url, "plain", capacity=64)
    got = []
    for limit in (2000, 8000, 14000):
        got += numbersOf(reader, lambda found, limit=limit: found[-1] >= limit)
        redis.restart(isEmpty)
    got += numbersOf(reader)
    assert finish(reader)[0] == 0
    assert finish(writer)[0] == 0
    assert lostAndRepeated(got, COUNT) == (0, 0)
    assert got == sorted(got)


def test_a_stopped_server_holds_the_writer_and_the_work_goes_on_afterwards(redis, address):
    writer = start("writer", redis.url, COUNT, window=512)
    reader = start("reader", redis.url, "plain", capacity=64)
    got = numbersOf(reader, lambda found: found[-1] >= 2000)
    redis.signal(signal.SIGSTOP)
    try:
        before = writer.poll()
    finally:
        redis.signal(signal.SIGCONT)
    got += numbersOf(reader)
    assert before is None
    assert got == list(range(COUNT))
    assert finish(reader)[0] == finish(writer)[0] == 0


@pytest.fixture
def address(redis):
    """End the processes of a test that has failed."""
    from Tests.Kamaelia.Net.processes import endAll

    yield redis.url
    endAll()
