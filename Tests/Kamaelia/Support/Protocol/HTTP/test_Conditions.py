"""Conditional requests."""

import pytest

from Kamaelia.Support.Protocol.HTTP.Conditions import mayUseRange, statusOfCondition
from Kamaelia.Support.Protocol.HTTP.Dates import httpDate, parseDate

BEFORE, AT, AFTER = httpDate(999), httpDate(1000), httpDate(1001)


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {}, None),
        ("GET", {"if-none-match": '"a"'}, 304),
        ("HEAD", {"if-none-match": 'W/"a"'}, 304),
        ("GET", {"if-none-match": '"b", "a"'}, 304),
        ("GET", {"if-none-match": "*"}, 304),
        ("PUT", {"if-none-match": "*"}, 412),
        ("GET", {"if-none-match": '"b"'}, None),
        ("GET", {"if-none-match": '"b"', "if-modified-since": AT}, None),
        ("GET", {"if-modified-since": AT}, 304),
        ("GET", {"if-modified-since": AFTER}, 304),
        ("GET", {"if-modified-since": BEFORE}, None),
        ("GET", {"if-modified-since": "yesterday"}, None),
        ("PUT", {"if-modified-since": AT}, None),
        ("GET", {"if-match": '"a"'}, None),
        ("GET", {"if-match": 'W/"a"'}, 412),
        ("GET", {"if-match": '"b"'}, 412),
        ("GET", {"if-match": "*"}, None),
        ("GET", {"if-unmodified-since": BEFORE}, 412),
        ("GET", {"if-unmodified-since": AT}, None),
        ("GET", {"if-match": '"a"', "if-unmodified-since": BEFORE}, None),
        ("GET", {"if-none-match": '"b" , W/"c",,\t"a"'}, 304),
        ("GET", {"if-none-match": '"b", "a'}, None),
    ],
)
def test_a_condition_has_this_status(method, headers, status):
    assert statusOfCondition(method, headers, '"a"', 1000.5) == status


@pytest.mark.parametrize("piece", [" ", " ,", "W/", '"', 'W/"', '" '])
def test_the_time_for_a_list_of_tags_is_proportional_to_its_length(piece):
    # With a pattern that takes the cube of the length, this would take months.
    field = "x" + piece * 100_001 + "x"
    assert statusOfCondition("GET", {"if-none-match": field}, '"a"', 1000.5) is None
    assert statusOfCondition("GET", {"if-match": field}, '"a"', 1000.5) == 412


@pytest.mark.parametrize(
    ("condition", "applies"),
    [(None, True), ('"a"', True), ('W/"a"', False), ('"b"', False), (AT, True), (BEFORE, False),
     (AFTER, False), ("x", False)],
)  # fmt: skip
def test_a_range_applies_to_what_the_client_has_the_rest_of(condition, applies):
    headers = {} if condition is None else {"if-range": condition}
    assert mayUseRange(headers, '"a"', 1000.5) is applies


@pytest.mark.parametrize(
    "text",
    ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
)
def test_the_three_forms_of_a_date_mean_the_same(text):
    assert parseDate(text) == 784111777
