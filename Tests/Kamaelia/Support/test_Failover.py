"""Which of several servers is asked first."""

import pytest

from Kamaelia.Support.Failover import Health, ServerAddress, serverAt

ONE, TWO, THREE = (serverAt(("192.0.2.1", port)) for port in (1, 2, 3))


@pytest.mark.parametrize(
    ("given", "server", "written"),
    [
        (("mail.example", 2525), ServerAddress("mail.example", 2525), "mail.example, port 2525"),
        (["::1", 24], ServerAddress("::1", 24), "::1, port 24"),
        ("mail.example", ServerAddress("mail.example", 25), "mail.example, port 25"),
        ("unix:/run/lmtp", ServerAddress(None, None, "/run/lmtp"), "unix:/run/lmtp"),
        (("unix:/run/lmtp", 0), ServerAddress(None, None, "/run/lmtp"), "unix:/run/lmtp"),
    ],
)
def test_a_server_is_written_in_several_ways(given, server, written):
    assert serverAt(given) == server
    assert str(server) == written


@pytest.mark.parametrize(
    "given", ["", None, ("a", 0), ("a", 65536), ("a", "25"), ("a", True), ("a",), 25, "unix:run"]
)
def test_what_is_no_server_is_an_error_that_says_what_is(given):
    with pytest.raises(ValueError, match="unix:/path"):
        serverAt(given)


def test_servers_that_are_well_are_asked_in_the_order_given():
    assert Health().inOrder([TWO, ONE, THREE], 0.0) == [TWO, ONE, THREE]


def test_servers_that_failed_are_tried_last_in_the_order_of_their_failures():
    health = Health(rest=30)
    health.failed(ONE, 100.0)
    health.failed(TWO, 110.0)
    assert health.inOrder([ONE, TWO, THREE], 111.0) == [THREE, ONE, TWO]
    health.failed(ONE, 112.0)
    assert health.inOrder([ONE, TWO, THREE], 113.0) == [THREE, TWO, ONE]


@pytest.mark.parametrize(("now", "order"), [(129.9, [TWO, ONE]), (130.0, [ONE, TWO])])
def test_a_server_that_failed_is_asked_again_after_a_while(now, order):
    health = Health(rest=30)
    health.failed(ONE, 100.0)
    assert health.inOrder([ONE, TWO], now) == order


def test_a_server_that_has_worked_is_well():
    health = Health()
    health.failed(ONE, 100.0)
    health.worked(ONE)
    health.worked(TWO)
    assert health.inOrder([ONE, TWO], 100.0) == [ONE, TWO]


def test_what_was_remembered_in_the_future_of_another_clock_is_forgotten():
    health = Health()
    health.failed(ONE, 1000.0)
    assert health.inOrder([ONE, TWO], 10.0) == [ONE, TWO]
