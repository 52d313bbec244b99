"""Error pages and MIME types."""

import pytest

from Axon.testing import feed
from Kamaelia.Protocol.HTTP.ErrorPages import ErrorPageHandler, getErrorPage, websiteErrorPage
from Kamaelia.Protocol.HTTP.MimeTypes import extensionToMimeType, workoutMimeType
from Kamaelia.Support.Protocol.HTTP.CommonLog import commonLogLine


@pytest.mark.parametrize("code", [400, 404, 418, 500, 501, 502, 599])
def test_an_error_page_has_its_code_and_the_escaped_message(code):
    page = getErrorPage(code, "<script>")
    assert page["statuscode"] == code
    assert str(code) in page["data"]
    assert "&lt;script&gt;" in page["data"]
    assert "<script>" not in page["data"]


def test_a_handler_sends_the_page():
    assert feed(ErrorPageHandler(404, "no"))["outbox"] == [getErrorPage(404, "no")]
    assert websiteErrorPage is ErrorPageHandler


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.html", "text/html"),
        ("A.PNG", "image/png"),
        ("a.tar.gz", "application/gzip"),
        ("a/b.py", "text/plain"),
        ("a.csv", "text/csv"),
        ("a.unknown", "application/octet-stream"),
        ("README", "application/octet-stream"),
        ("html", "application/octet-stream"),
        ("a.html/b", "application/octet-stream"),
    ],
)
def test_the_type_of_a_file(name, kind):
    assert workoutMimeType(name) == kind
    assert extensionToMimeType["html"] == "text/html"


def test_a_line_of_the_access_log():
    line = commonLogLine("192.0.2.1", 0.0, "GET / HTTP/1.1", 200, 1024)
    assert line == '192.0.2.1 - - [01/Jan/1970:00:00:00 +0000] "GET / HTTP/1.1" 200 1024'


@pytest.mark.parametrize(
    "text", ['GET /" 200 1\n127.0.0.1', "GET /\x1b[31m", "GET /\\x", "GET /\u2028"]
)
def test_nothing_in_a_request_can_end_a_field_or_a_line_of_the_log(text):
    line = commonLogLine(text, 0.0, text, 200, 0, user=text)
    assert line.isprintable()
    assert line.replace('\\"', "").count('"') == 2
    assert line.endswith(" 200 -")
