"""The path of a file from the path in a URL."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Protocol.HTTP.FilePaths import partsOfPath, sanitizeFilename, sanitizePath


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("", []),
        ("/", []),
        ("a/b.html", ["a", "b.html"]),
        ("a//b/", ["a", "b"]),
        ("a%20b/%C3%A9", ["a b", "é"]),
        ("%252e%252e/x", ["%2e%2e", "x"]),
        ("..x/x..", ["..x", "x.."]),
    ],
)
def test_a_path_has_these_parts(path, parts):
    assert partsOfPath(path) == parts


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "../etc/passwd",
        "a/../../etc/passwd",
        "a/..",
        "%2e%2e/etc/passwd",
        ".%2E/etc/passwd",
        "..%2fetc/passwd",
        "..%5Cetc",
        "..\\etc",
        "a%00.html",
        "./a",
        "%2e/a",
        "%ff",
        "%c0%ae%c0%ae/etc",
    ],
)
def test_a_path_that_leads_elsewhere_is_not_acceptable(path):
    assert partsOfPath(path) is None


@given(st.text(alphabet="./%2eE5cfC0\\a\0", max_size=20))
def test_no_part_leads_upwards(path):
    for part in partsOfPath(path) or []:
        assert part not in ("", ".", "..")
        assert not {"/", "\\", "\0"} & set(part)


@given(st.text(alphabet="./a", max_size=20))
def test_a_sanitized_path_never_leads_upwards(path):
    assert ".." not in sanitizePath(path).split("/")
    assert not sanitizePath(path).startswith("/../")


def test_sanitized_paths_and_names():
    assert sanitizePath("/a/./b/../c") == "a/c"
    assert sanitizePath("../../etc") == "etc"
    assert sanitizeFilename("a b/../c-d_e.TXT") == "ab..c-d_e.TXT"
