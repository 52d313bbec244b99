from Tests.Examples.test_HTTPServer import ask


def test_the_application_responds(serve):
    server = serve("WSGI/server.py", "--threads", 2)
    status, body = ask(server, "POST", "/any/path?a=b", b"body")
    assert (status, body) == (200, b"POST /any/path\nquery: a=b\nbody: 4 bytes\n")
    assert server.end() == (0, "")


def test_another_application_is_imported(serve, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", ".")
    server = serve(
        "WSGI/server.py", "--application", "Tests.Kamaelia.Apps.JMB.applications:describe"
    )
    assert ask(server, "GET", "/a")[1] == b" /a  None"
    assert server.end() == (0, "")
