"""The kinds of `protocol` that a server accepts, and how it creates handlers from them.

A protocol is a component class, or a function that returns a new component for each connection.
A mistake raises an error when the server is created, not when the first client connects.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from Axon.AxonExceptions import wiringError
from Axon.Microprocess import microprocess
from Axon.Settings import refuseMisspelt

Factory = Callable[..., Any]

HOW = "such as protocol=Echo, where Echo is a component class"


def factoryOf(server: Any) -> Factory:
    """Return the function that creates the handlers of `server`.

    Raises wiringError if its protocol cannot create any.
    """
    protocol = server.protocol
    name = type(server).__name__
    if protocol is None:
        raise wiringError(f"{name} has no protocol, which creates its handlers: give it one, {HOW}")
    if isinstance(protocol, microprocess):
        kind = type(protocol).__name__
        raise wiringError(
            f"the protocol of {name} is an instance of {kind}, but each connection needs its"
            f" own handler: give the class, protocol={kind}"
        )
    if not callable(protocol):
        raise wiringError(f"the protocol of {name} is {protocol!r}, which cannot be called: {HOW}")
    if inspect.iscoroutinefunction(protocol) or inspect.isgeneratorfunction(protocol):
        raise wiringError(
            f"the protocol of {name} must return a component, but {protocol.__name__} is a"
            " coroutine or generator function: write a component class with that main()"
        )
    if isinstance(protocol, type):
        refuseMisspelt(protocol)
    return _withFacts(server, _unbound(server))


def _unbound(server: Any) -> Factory:
    """Return the protocol. A plain function in a class attribute is not bound as a method."""
    if "protocol" not in server.__dict__:
        given = inspect.getattr_static(type(server), "protocol")
        if inspect.isfunction(given) and not _asksFor(given, "self"):
            return given
    protocol: Factory = server.protocol
    return protocol


def _withFacts(server: Any, protocol: Factory) -> Factory:
    """Return `protocol`, called with those of these arguments for which it has a parameter:

    local=(address, port), and isEncrypted=..., whether connections use TLS from the first byte.
    """
    if _asksFor(protocol, "isEncrypted"):
        protocol = partial(protocol, isEncrypted=server.ssl is not None)
    if _asksFor(protocol, "local"):
        return lambda **info: protocol(local=(info["localip"], info["localport"]), **info)
    return protocol


def _asksFor(function: Any, name: str) -> bool:
    try:
        return name in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False
