"""Links whose processes are killed: nothing is lost, and little is repeated."""

import pytest

from Tests.Kamaelia.Net.processes import (
    finish,
    kill,
    lostAndRepeated,
    numbersOf,
    readWithKills,
    start,
)

COUNT = 8000


@pytest.mark.parametrize("address", ["tcp", "tls", "unix", "redis", "rediss"], indirect=True)
def test_a_reader_that_is_killed_three_times_loses_nothing(address):
    writer = start("writer", address, COUNT)
    got = readWithKills(address, "plain", COUNT, kills=3, capacity=64)
    assert finish(writer)[0] == 0
    lost, repeated = lostAndRepeated(got, COUNT)
    assert lost == 0
    assert repeated <= 3 * 64


@pytest.mark.parametrize(("kind", "count", "capacity"), [("slow", 600, 16), ("back", 600, 16)])
def test_a_killed_reader_loses_nothing(address, kind, count, capacity):
    writer = start("writer", address, count)
    got = readWithKills(address, kind, count, kills=3, capacity=capacity)
    assert finish(writer)[0] == 0
    lost, repeated = lostAndRepeated(got, count)
    assert lost == 0
    assert repeated <= 3 * capacity


def test_without_kills_each_message_arrives_once_and_in_order(address):
    writer = start("writer", address, COUNT)
    assert readWithKills(address, "plain", COUNT, kills=0) == list(range(COUNT))
    confirmed = numbersOf(writer)
    assert finish(writer)[0] == 0
    assert confirmed == sorted(set(confirmed))
    assert confirmed[-1] == COUNT


def test_a_killed_writer_continues_from_what_was_confirmed(address):
    reader = start("reader", address, "slow", capacity=8)
    writer = start("writer", address, 400)
    confirmed = numbersOf(writer, lambda found: found[-1] > 100)
    confirmed += kill(writer)
    again = start("writer", address, 400, position=confirmed[-1])
    got = numbersOf(reader)
    assert finish(again)[0] == 0
    assert finish(reader)[0] == 0
    assert lostAndRepeated(got, 400) == (0, 0)


def test_a_second_reader_takes_over_and_the_first_says_so(address):
    first = start("reader", address, "halting", capacity=8)
    writer = start("writer", address, 400)
    got = numbersOf(first, lambda found: len(found) == 50)
    second = start("reader", address, "slow", capacity=8)
    got += numbersOf(first)
    status, errors = finish(first)
    assert status == 1
    assert "linkTakenOver" in errors
    assert f"process {second.pid}" in errors
    assert f"process {first.pid}" in errors
    got += numbersOf(second)
    assert finish(second)[0] == 0
    assert finish(writer)[0] == 0
    lost, repeated = lostAndRepeated(got, 400)
    assert lost == 0
    assert repeated <= 8
