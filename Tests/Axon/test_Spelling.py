"""Spelling: which known name a misspelt one was meant to be."""

import pytest

from Axon.Spelling import distance, nearMiss

SETTINGS = ["host", "port", "max_connections", "smtp_ip", "timeout"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("prt", "port"),
        ("Port", "port"),
        ("prot", "port"),
        ("ports", "port"),
        ("hist", "host"),
        ("smpt_ip", "smtp_ip"),
        ("smtpip", "smtp_ip"),
        ("max_conections", "max_connections"),
        ("maxConnections", "max_connections"),
        ("max_conection", "max_connections"),
        ("timout", "timeout"),
    ],
)
def test_one_typing_error_or_a_difference_of_case_is_a_near_miss(name, meant):
    assert nearMiss(name, SETTINGS) == meant


@pytest.mark.parametrize("name", ["port", "colour", "peer", "time", "", "max_clients", "ip"])
def test_a_correct_name_and_a_different_name_are_no_near_miss(name):
    assert nearMiss(name, SETTINGS) is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [("BB", "B"), ("b", "B"), ("AB", "A"), ("C", None), ("", None), ("XY", None)],
)
def test_a_name_of_one_letter_is_missed_by_case_or_by_one_letter_more(name, meant):
    assert nearMiss(name, ["A", "B"]) == meant


def test_the_nearest_of_several_is_found():
    assert nearMiss("READR", ["READER", "READ"]) in {"READER", "READ"}
    assert nearMiss("reader2", ["reader12", "READER2"]) == "READER2"


@pytest.mark.parametrize(
    ("one", "other", "errors"),
    [
        ("", "", 0),
        ("abc", "", 3),
        ("", "abc", 3),
        ("abc", "abc", 0),
        ("abc", "acb", 1),
        ("abc", "abcd", 1),
        ("abc", "xbc", 1),
        ("kitten", "sitting", 3),
    ],
)
def test_typing_errors_are_counted(one, other, errors):
    assert distance(one, other) == errors == distance(other, one)
