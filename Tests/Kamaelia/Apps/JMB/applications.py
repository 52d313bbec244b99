"""WSGI applications for tests, which factories import by their names."""

from wsgiref.validate import validator


def describe(environ, start_response):
    """Respond with where the application is, and what is left of the path."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    names = ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "shop.owner")
    return [" ".join(str(environ.get(name)) for name in names).encode("latin-1")]


@validator
def echo(environ, start_response):
    """Respond with the body of the request. The validator checks both sides."""
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0))
    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return [body]
