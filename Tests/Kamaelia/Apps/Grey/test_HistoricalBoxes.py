"""The boxes of ConcreteMailHandler, and misspelt settings of mail handlers."""

import ssl

import pytest

from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Apps.Grey.GreyListingPolicy import GreyListingPolicy
from Kamaelia.Apps.Grey.MailHandler import MailHandler
from Kamaelia.Chassis.ConnectedServer import ServerCore

INBOXES = {"inbox", "control", "tcp_inbox", "tcp_control"}
OUTBOXES = {"outbox", "signal", "tcp_outbox", "tcp_signal"}


@pytest.mark.parametrize("kind", [ConcreteMailHandler, GreyListingPolicy])
def test_the_class_and_an_instance_without_tls_have_the_historical_boxes(kind):
    assert (set(kind.Inboxes), set(kind.Outboxes)) == (INBOXES, OUTBOXES)
    handler = kind()
    assert (set(handler.inboxes), set(handler.outboxes)) == (INBOXES, OUTBOXES)


@pytest.mark.parametrize("tls", ["may", "must"])
def test_an_instance_that_uses_tls_with_the_real_server_has_the_boxes_for_it(tls):
    handler = ConcreteMailHandler(smtp_tls=tls, smtp_ssl=ssl.create_default_context())
    assert set(handler.inboxes) == INBOXES | {"tcp_sslready"}
    assert set(handler.outboxes) == OUTBOXES | {"tcp_makessl"}
    assert set(ConcreteMailHandler.Inboxes) == INBOXES


@pytest.mark.parametrize(
    ("kind", "wrong", "meant"),
    [
        (ConcreteMailHandler, "smpt_ip", "smtp_ip"),
        (ConcreteMailHandler, "smtp_prot", "smtp_port"),
        (GreyListingPolicy, "max_recipient", "max_recipients"),
        (MailHandler, "inactivity_timout", "inactivity_timeout"),
    ],
)
def test_a_misspelt_setting_is_an_error_with_the_one_that_was_meant(kind, wrong, meant):
    with pytest.raises(TypeError, match=f"{wrong}.*Did you mean '{meant}'"):
        kind(**{wrong: 1})
    with pytest.raises(TypeError, match=f"{wrong} .*Did you mean '{meant}'"):
        type("Handler", (kind,), {wrong: 1})()


def test_a_misspelt_setting_in_a_nested_protocol_is_an_error_when_the_server_is_made():
    class Server(ServerCore):
        class protocol(ConcreteMailHandler):
            smpt_ip = "192.0.2.1"

    with pytest.raises(TypeError, match="Did you mean 'smtp_ip'"):
        Server()


def test_other_attributes_are_a_programs_own():
    class Handler(ConcreteMailHandler):
        pass

    handler = Handler(colour="red", smtp_ip="192.0.2.1")
    assert handler.colour == "red"
