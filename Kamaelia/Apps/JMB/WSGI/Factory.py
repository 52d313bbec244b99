"""The functions that create handlers for WSGI applications.

Example usage
-------------
    from myapplication import app                                   # of Flask, for example
    routing = [["/shop", SimpleWSGIFactory({}, app)], ["/", WSGIFactory(config, urls)]]
    ServerCore(protocol=HTTPProtocol(routing), port=8080).run()

How does it work?
-----------------
SimpleWSGIFactory is for one application. WSGIFactory imports applications, and chooses one by the
first part of the path, which moves from PATH_INFO to SCRIPT_NAME: `urls` is a list of dicts with
"kp.regex", "kp.import_path" (a module) and "kp.app_object" (a name in it). All their entries are
also in the environ. The first regex that is found in the part decides; if it also matches nothing,
such as ".*", the application is for all paths, and the path stays as it is.

config: "server_software" and "server_admin", for the environ; "threads", how many calls run at the
same time (16); "application" or "url_list", in place of a second argument.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

from Axon.Component import component
from Kamaelia.Apps.JMB.WSGI.AppThread import Application
from Kamaelia.Apps.JMB.WSGI.WSGIHandler import WSGIHandler
from Kamaelia.Protocol.HTTP.ErrorPages import ErrorPageHandler
from Kamaelia.Support.Protocol.HTTP.Translators import PopWsgiURI, WSGILikeTranslator

THREADS = 16
LOGGER = "kamaelia.wsgi.application"

Config = Mapping[str, Any]
Environ = dict[str, Any]
Handler = component | dict[str, Any]
HandlerFactory = Callable[[dict[str, Any]], Handler]
ErrorHandler = Callable[[int, str], Handler]


class WSGIImportError(ImportError):
    """An application cannot be imported."""


class _Row:
    """One application of a WSGIFactory, which is imported when it is first needed."""

    def __init__(self, entries: Mapping[str, Any]) -> None:
        self.entries = dict(entries)
        self._regex = re.compile(entries["kp.regex"])
        self.isForAllPaths = self._regex.fullmatch("") is not None
        self._app: Application | None = None

    def matches(self, part: str) -> bool:
        """Return whether this application is for paths that begin with `part`."""
        return self._regex.search(part) is not None

    def application(self) -> Application:
        """Return the application. Raises WSGIImportError."""
        if self._app is None:
            path = self.entries["kp.import_path"]
            name = self.entries.get("kp.app_object") or self.entries.get("kp.app_obj")
            try:
                self._app = getattr(import_module(path), str(name))
            except (ImportError, AttributeError) as error:
                raise WSGIImportError(f"no application {name!r} in {path!r}: {error}") from error
        return self._app


class _Handlers:
    """Creates handlers, which share a pool of threads and a logger."""

    def __init__(self, config: Config, errorlog: str | None, loggerName: str) -> None:
        self._config = config
        self._pool: ThreadPoolExecutor | None = None
        self._logger = logging.getLogger(loggerName)
        if errorlog is not None:
            handler = logging.FileHandler(errorlog, delay=True)
            handler.setLevel(logging.ERROR)
            self._logger.addHandler(handler)

    def handlerFor(self, app: Application, environ: Environ) -> WSGIHandler:
        if self._pool is None:
            threads = self._config.get("threads", THREADS)
            self._pool = ThreadPoolExecutor(threads, thread_name_prefix="WSGI")
        if "server_software" in self._config:
            environ["SERVER_SOFTWARE"] = self._config["server_software"]
        if "server_admin" in self._config:
            environ["SERVER_ADMIN"] = self._config["server_admin"]
        return WSGIHandler(app, environ, self._pool, self._logger)


def SimpleWSGIFactory(
    WSGIConfig: Config,
    app_object: Application,
    errorlog: str | None = None,
    logger_name: str = LOGGER,
    errorhandler: ErrorHandler | None = None,
) -> HandlerFactory:
    """Return a factory of handlers for one application.

    errorlog: the path of a file for wsgi.errors, which is logged under `logger_name` in any case.
    errorhandler: accepted for older programs, and not used.
    """
    handlers = _Handlers(WSGIConfig, errorlog, logger_name)
    return lambda request: handlers.handlerFor(app_object, WSGILikeTranslator(request))


def WSGIFactory(
    WSGIConfig: Config,
    url_list: Iterable[Mapping[str, Any]] | None = None,
    errorlog: str | None = None,
    logger_name: str = LOGGER,
    errorhandler: ErrorHandler | None = None,
    translator: Callable[[dict[str, Any]], Environ] = WSGILikeTranslator,
) -> HandlerFactory:
    """Return a factory of handlers for the applications in `url_list`, or in the config.

    errorhandler: called with a status code and a sentence, when there is no application for a
    path. translator: makes the environ from the request. See SimpleWSGIFactory for the others.
    """
    if url_list is None and "application" in WSGIConfig:
        return SimpleWSGIFactory(WSGIConfig, WSGIConfig["application"], errorlog, logger_name)
    if url_list is None:
        url_list = WSGIConfig.get("url_list")
    if url_list is None:
        raise ValueError('WSGIFactory needs a url_list, or "application" in its config')
    handlers = _Handlers(WSGIConfig, errorlog, logger_name)
    rows = [_Row(entries) for entries in url_list]
    refuse = errorhandler or ErrorPageHandler
    log = logging.getLogger(logger_name)

    def makeHandler(request: dict[str, Any]) -> Handler:
        environ = translator(request)
        part = environ["PATH_INFO"].lstrip("/").partition("/")[0]
        row = next((row for row in rows if row.matches(part)), None)
        if row is None:
            return refuse(404, f"There is no application at {request['raw-uri']}.")
        if not row.isForAllPaths:
            PopWsgiURI(environ)
        try:
            app = row.application()
        except WSGIImportError as error:
            log.error("%s", error)  # noqa: TRY400 - the message says everything
            return refuse(500, "The application cannot be loaded.")
        return handlers.handlerFor(app, environ | row.entries)

    return makeHandler
