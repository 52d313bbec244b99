"""The opening of a session with the real server: what is said after which answer."""

import pytest

from Kamaelia.Support.Protocol.ProxyHeader import Origin
from Kamaelia.Support.Protocol.SMTP.ClientAddress import ClientIdentity
from Kamaelia.Support.Protocol.SMTP.Opening import Manner, OpeningRefused, begin
from Kamaelia.Support.Protocol.SMTP.Reply import NOT_REACHED, Reply

CLIENT = ClientIdentity(Origin("192.0.2.1", 4711, "198.51.100.5", 25), helo="client.example")
GREETING = "220 real"


def reply(text):
    return Reply(int(text[:3]), text[4:])


def run(manner, *answers):
    """What is said, one for each answer, and what the server offers in the end."""
    extensions = {}
    opening = begin(manner, extensions)
    said = [next(opening)]
    try:
        for answer in answers:
            step = opening.send(answer and reply(answer))
            said.append(step)
    except StopIteration:
        return [line for _, line in said], extensions
    return [line for _, line in said], None


def refused(manner, *answers):
    with pytest.raises(OpeningRefused) as caught:
        run(manner, *answers)
    return caught.value


@pytest.mark.parametrize(
    ("manner", "answers", "said", "offered"),
    [
        ({}, ["250 real\nSIZE 5"], ["EHLO us"], {"SIZE": "5"}),
        ({}, ["502 what", "250 real"], ["EHLO us", "HELO us"], {}),
        ({"protocol": "lmtp"}, ["250 real\npipelining"], ["LHLO us"], {"PIPELINING": ""}),
        (
            {"tls": "must"},
            ["250 real\nSTARTTLS\nX", "220 go", None, "250 real\nY"],
            ["EHLO us", "STARTTLS", "", "EHLO us"],
            {"Y": ""},
        ),
        (
            {"telling": "xclient"},
            ["250 real\nXCLIENT ADDR HELO", "220 real", "250 real\nSIZE"],
            ["EHLO us", "XCLIENT ADDR=192.0.2.1 HELO=client.example", "EHLO client.example"],
            {"SIZE": ""},
        ),
        (
            {"telling": "xclient", "tls": "must"},
            ["250 a\nSTARTTLS", "220 go", None, "250 b\nXCLIENT PORT", "220 c", "250 d\nSIZE"],
            ["EHLO us", "STARTTLS", "", "EHLO us", "XCLIENT PORT=4711", "EHLO client.example"],
            {"SIZE": ""},
        ),
        (
            {"telling": "xclient"},
            ["250 real\nXCLIENT", "250 real\nSIZE"],
            ["EHLO us", "EHLO client.example"],
            {"SIZE": ""},
        ),
        ({"telling": "xforward"}, ["250 real\nXFORWARD ADDR"], ["EHLO us"], {"XFORWARD": "ADDR"}),
        ({"telling": "proxy"}, ["250 real"], ["EHLO client.example"], {}),
    ],
)
def test_an_opening_says_one_thing_after_the_other(manner, answers, said, offered):
    manner = Manner("us", client=CLIENT, **manner)
    assert run(manner, GREETING, *answers) == (["", *said], offered)


@pytest.mark.parametrize(
    ("manner", "answers", "reason"),
    [
        ({}, ["554 no"], "greeting: 554 no"),
        ({}, [GREETING, "450 no"], "EHLO: 450 no"),
        ({}, [GREETING, "550 no", "550 never"], "HELO: 550 never"),
        ({"protocol": "lmtp"}, [GREETING, "500 no"], "LHLO: 500 no"),
        ({"tls": "must"}, [GREETING, "500 no"], "EHLO: 500 no"),
        ({"tls": "must"}, [GREETING, "250 real"], "no STARTTLS"),
        ({"tls": "must"}, [GREETING, "250 real\nSTARTTLS", "454 no"], "STARTTLS: 454 no"),
        (
            {"tls": "may"},
            [GREETING, "250 real\nSTARTTLS", "220 go", None, "500 no"],
            "EHLO: 500 no",
        ),
        ({"telling": "xclient"}, [GREETING, "250 real"], "no XCLIENT"),
        ({"telling": "xclient"}, [GREETING, "500 what", "250 real"], "no XCLIENT"),
        ({"telling": "xforward"}, [GREETING, "250 real"], "no XFORWARD"),
    ],
)
def test_a_server_that_refuses_us_counts_as_not_reached(manner, answers, reason):
    error = refused(Manner("us", client=CLIENT, **manner), *answers)
    assert reason in str(error)
    assert (error.reply, error.isForClient) == (NOT_REACHED, False)


def test_a_refusal_of_the_client_is_passed_on():
    offers = [GREETING, "250 real\nXCLIENT ADDR", "220 real"]
    for telling, answers in (("xclient", [*offers, "550 no"]), ("proxy", ["550 no"])):
        error = refused(Manner("us", telling=telling, client=CLIENT), *answers)
        assert (error.reply, error.isForClient) == (Reply(550, "no"), True)


def test_a_refused_XCLIENT_may_be_the_clients_fault_or_ours():
    answers = [GREETING, "250 real\nXCLIENT ADDR", "550 no"]
    error = refused(Manner("us", telling="xclient", client=CLIENT), *answers)
    assert (error.reply, error.isForClient) == (NOT_REACHED, True)


@pytest.mark.parametrize(
    ("setting", "name"),
    [("tls", "smtp_tls"), ("protocol", "smtp_protocol"), ("telling", "smtp_client_address")],
)
def test_an_unknown_value_of_a_setting_is_an_error_that_lists_the_allowed_ones(setting, name):
    with pytest.raises(ValueError, match=f"{name} must be .* or .*, not .maybe."):
        Manner("us", **{setting: "maybe"})
