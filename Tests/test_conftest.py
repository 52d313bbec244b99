"""A missing program skips a test, and fails it where all programs are required."""

import errno
import socket

import pytest

MISSING = "no-program-has-this-name"


def test_an_installed_program_is_returned_as_its_path(needs):
    assert needs("sh").endswith("/sh")


def test_a_missing_program_skips_the_test(needs, monkeypatch):
    monkeypatch.delenv("KAMAELIA_REQUIRE_REAL_SERVERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match=MISSING):
        needs(MISSING)


def test_a_missing_program_fails_the_test_where_real_servers_are_required(needs, monkeypatch):
    monkeypatch.setenv("KAMAELIA_REQUIRE_REAL_SERVERS", "1")
    with pytest.raises(pytest.fail.Exception, match=MISSING):
        needs(MISSING)


@pytest.mark.needs("sh")
def test_the_mark_runs_a_test_whose_programs_are_installed():
    pass


def test_free_ports_differ_and_can_be_bound(freePorts):
    ports = [freePorts() for _ in range(20)]
    assert len(set(ports)) == 20
    with socket.socket() as server:
        server.bind(("127.0.0.1", ports[0]))


def test_a_port_that_refuses_clients_is_given_to_no_other_socket(refusingPort):
    with socket.socket() as client, socket.socket() as server:
        assert client.connect_ex(("127.0.0.1", refusingPort)) == errno.ECONNREFUSED
        with pytest.raises(OSError, match="in use"):
            server.bind(("127.0.0.1", refusingPort))
