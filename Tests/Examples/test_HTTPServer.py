import http.client

import pytest

from Tests.Kamaelia.sockets import PATIENCE


def ask(server, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    connection.request(method, path, body)
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return response.status, data


def test_functions_components_and_files_respond(serve, tmp_path):
    log = tmp_path / "access.log"
    server = serve("HTTPServer/server.py", "--log", log)
    assert ask(server, "GET", "/hello/world") == (200, b"Hello, world\n")
    assert ask(server, "POST", "/words", "some words to count") == (200, b"4 words\n")
    status, page = ask(server, "GET", "/")
    assert status == 200
    assert b"<h1>A web server made of components</h1>" in page
    assert ask(server, "GET", "/style.css")[0] == 200
    assert ask(server, "GET", "/../server.py")[0] == 404
    assert server.end() == (0, "")
    lines = log.read_text().splitlines()
    assert len(lines) == 5
    assert lines[0].endswith('"GET /hello/world HTTP/1.1" 200 13')


def test_the_clock_goes_on_until_the_client_goes_away(serve):
    server = serve("HTTPServer/server.py")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    connection.request("GET", "/clock")
    response = connection.getresponse()
    lines = [response.readline() for _ in range(4)]
    assert [line[:6] for line in lines] == [b"data: ", b"\n", b"data: ", b"\n"]
    connection.close()
    assert server.end() == (0, "")


@pytest.mark.needs("chromium")
def test_the_page_works_in_a_browser(serve, needs):
    playwright = pytest.importorskip("playwright.sync_api")
    server = serve("HTTPServer/server.py")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=needs("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.port}/")
        page.click("button")
        page.wait_for_function("count.value == '3 words\\n'")
        page.wait_for_function("/^\\d\\d:\\d\\d:\\d\\d$/.test(clock.value)")
        browser.close()
    assert server.end() == (0, "")
