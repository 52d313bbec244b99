"""A link between two hosts: two network namespaces, with a cable that can be pulled out."""

import os
import subprocess

import pytest

from Tests.Kamaelia.Net.processes import (
    endAll,
    finish,
    kill,
    lostAndRepeated,
    numbersOf,
    start,
)

COUNT = 4000
KEY = "a secret of both ends"


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)


@pytest.fixture
def hosts():
    """Two hosts: the commands that run something in each, and the name of the cable."""
    names = [f"kamaelia{os.getpid()}{each}" for each in "ab"]
    try:
        ip("netns", "add", names[0])
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine does not allow network namespaces")
    try:
        ip("netns", "add", names[1])
        cables = [f"k{os.getpid()}{each}" for each in "ab"]
        ip("link", "add", cables[0], "type", "veth", "peer", "name", cables[1])
        for number, (name, cable) in enumerate(zip(names, cables, strict=True), 1):
            ip("link", "set", cable, "netns", name)
            ip("-n", name, "addr", "add", f"10.77.0.{number}/24", "dev", cable)
            ip("-n", name, "link", "set", cable, "up")
        yield [("ip", "netns", "exec", name) for name in names], (names[1], cables[1])
    finally:
        endAll()
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, timeout=20)


def test_nothing_is_lost_when_the_cable_is_pulled_out_and_the_reader_is_killed(hosts):
    (here, there), (name, cable) = hosts
    url = "tcp://10.77.0.2:4000"
    writer = start("writer", url, COUNT, within=here, key=KEY)
    reader = start("reader", url, "plain", within=there, key=KEY)
    got = numbersOf(reader, lambda found: found[-1] >= COUNT // 4)
    ip("-n", name, "link", "set", cable, "down")
    ip("-n", name, "link", "set", cable, "up")
    got += numbersOf(reader, lambda found: found[-1] >= COUNT // 2)
    got += kill(reader)
    again = start("reader", url, "plain", within=there, key=KEY)
    got += numbersOf(again)
    assert finish(again)[0] == finish(writer)[0] == 0
    lost, repeated = lostAndRepeated(got, COUNT)
    assert lost == 0
    assert repeated <= 64
