"""Flask and Django behind an HTTPServer, with a real client."""

import http.client
import io
import json

import pytest

from Kamaelia.Apps.JMB import SimpleWSGIFactory, WSGIFactory
from Kamaelia.Protocol.HTTP.Routing import HTTPProtocol

LARGE = b"0123456789abcdef" * 65536  # 1 MiB


def fetch(server, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return response, data


@pytest.fixture
def flaskApp():
    flask = pytest.importorskip("flask")
    app = flask.Flask("shop")
    app.secret_key = "test"

    @app.route("/hello/<name>")
    def hello(name):
        return f"hello {name} at {flask.request.url}"

    @app.post("/upload")
    def upload():
        return {"size": len(flask.request.files["file"].read()), "note": flask.request.form["note"]}

    @app.route("/stream")
    def stream():
        return flask.Response((b"%d " % number for number in range(1000)), mimetype="text/plain")

    @app.route("/count")
    def count():
        flask.session["n"] = flask.session.get("n", 0) + 1
        return str(flask.session["n"])

    @app.route("/file")
    def file():
        return flask.send_file(io.BytesIO(LARGE), "application/octet-stream")

    @app.route("/error")
    def error():
        raise RuntimeError("the view's own mistake")

    return app


def test_flask(serving, flaskApp, caplog):
    def client(server):
        response, body = fetch(server, "GET", "/shop/hello/J%C3%B6rg?x=1")
        url = f"http://127.0.0.1:{server.port}/shop/hello/Jörg?x=1"
        assert (response.status, body.decode()) == (200, f"hello Jörg at {url}")
        assert fetch(server, "GET", "/shop/none")[0].status == 404
        assert fetch(server, "PUT", "/shop/upload")[0].status == 405
        boundary = "xx"
        form = (
            b"--xx\r\nContent-Disposition: form-data; name=note\r\n\r\nhi\r\n"
            b"--xx\r\nContent-Disposition: form-data; name=file; filename=f\r\n\r\n"
        )
        form += LARGE + b"\r\n--xx--\r\n"
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        expected = {"size": len(LARGE), "note": "hi"}
        assert json.loads(fetch(server, "POST", "/shop/upload", form, kind)[1]) == expected
        chunks = (form[at : at + 70000] for at in range(0, len(form), 70000))
        assert json.loads(fetch(server, "POST", "/shop/upload", chunks, kind)[1]) == expected
        assert fetch(server, "GET", "/shop/stream")[1].split() == [b"%d" % n for n in range(1000)]
        assert fetch(server, "GET", "/shop/file")[1] == LARGE
        assert fetch(server, "HEAD", "/shop/file")[1] == b""
        response, body = fetch(server, "GET", "/shop/count")
        cookie = {"Cookie": response.headers["Set-Cookie"].partition(";")[0]}
        assert [body, fetch(server, "GET", "/shop/count", headers=cookie)[1]] == [b"1", b"2"]
        assert fetch(server, "GET", "/shop/error")[0].status == 500
        return True

    assert serving(client, protocol=HTTPProtocol([["/shop", SimpleWSGIFactory({}, flaskApp)]]))
    assert "the view's own mistake" in caplog.text


def test_django(serving):
    django = pytest.importorskip("django")
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpResponse, StreamingHttpResponse
    from django.urls import path

    def hello(request, name):
        return HttpResponse(f"hello {name} at {request.build_absolute_uri()}")

    def size(request):
        return HttpResponse(str(len(request.body)))

    def stream(request):
        return StreamingHttpResponse(b"%d " % number for number in range(100))

    class urls:
        urlpatterns = [path("hello/<name>", hello), path("size", size), path("stream", stream)]

    settings.configure(
        ROOT_URLCONF=urls, ALLOWED_HOSTS=["*"], SECRET_KEY="test", USE_TZ=True, LOGGING_CONFIG=None,
        DATA_UPLOAD_MAX_MEMORY_SIZE=None,
    )  # fmt: skip
    django.setup()

    def client(server):
        url = f"http://127.0.0.1:{server.port}/hello/J%C3%B6rg"
        assert fetch(server, "GET", "/hello/J%C3%B6rg")[1].decode() == f"hello Jörg at {url}"
        assert fetch(server, "POST", "/size", LARGE)[1] == b"1048576"
        assert fetch(server, "GET", "/stream")[1].split() == [b"%d" % n for n in range(100)]
        assert fetch(server, "GET", "/none")[0].status == 404
        return True

    config = {"application": get_wsgi_application(), "server_software": "Kamaelia Publish"}
    assert serving(client, protocol=HTTPProtocol([["/", WSGIFactory(config)]]))
