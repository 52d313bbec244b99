"""Settings that are allowed but probably not meant: they are warnings, not mistakes.

Example usage::

    >>> print(*warningsOf(Configuration(), hostname="localhost"))
    this machine calls itself localhost, ...
"""

from __future__ import annotations

from collections.abc import Iterator

from Kamaelia.Support.Networks import IPNetwork, parseNetwork
from Kamaelia.Support.Settings.Configuration import Configuration

LEAST_BITS = {4: 8, 6: 16}  # of a network of load balancers; 10.0.0.0/8 is a usual one
UNSPECIFIC = ("localhost", "localhost.localdomain")


def warningsOf(configuration: Configuration, hostname: str) -> Iterator[str]:
    """Yield a sentence for each; `hostname`: the name where servername is not set."""
    if configuration.name.servername in UNSPECIFIC:
        yield (
            "servername in [name] is localhost: write the name of this server in the DNS, such as"
            " mail.example.org"
        )
    elif not configuration.name.servername and hostname in UNSPECIFIC:
        yield (
            "this machine calls itself localhost, and so does its greeting: write servername in"
            " [name], such as mail.example.org"
        )
    for text in configuration.listen.proxy_protocol_from:
        if text != "unix" and isWide(parseNetwork(text)):
            yield (
                f"{text} in proxy_protocol_from is a very large network: each client in it may"
                " claim any address in a PROXY header. Name the load balancers only"
            )


def isWide(network: IPNetwork) -> bool:
    """Return whether a network is larger than any that one organisation has for its servers."""
    return network.prefixlen < LEAST_BITS[network.version]
