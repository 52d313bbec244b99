"""Warnings about settings that are valid but probably unintended.

Example usage::

    >>> print(*warningsOf(Configuration(), hostname="localhost"))
    the host name of this machine is localhost, ...
"""

from __future__ import annotations

from collections.abc import Iterator

from Kamaelia.Support.Networks import IPNetwork, parseNetwork
from Kamaelia.Support.Settings.Configuration import Configuration

LEAST_BITS = {4: 8, 6: 16}  # in a network of load balancers; 10.0.0.0/8 is common
UNSPECIFIC = ("localhost", "localhost.localdomain")


def warningsOf(configuration: Configuration, hostname: str) -> Iterator[str]:
    """Yield a sentence for each warning. `hostname` is the default of servername."""
    if configuration.name.servername in UNSPECIFIC:
        yield (
            "servername in [name] is localhost: write the name of this server in the DNS, such as"
            " mail.example.org"
        )
    elif not configuration.name.servername and hostname in UNSPECIFIC:
        yield (
            "the host name of this machine is localhost, also in the greeting: write servername in"
            " [name], such as mail.example.org"
        )
    for text in configuration.listen.proxy_protocol_from:
        if text != "unix" and isWide(parseNetwork(text)):
            yield (
                f"{text} in proxy_protocol_from is a very large network, and each client in it may"
                " claim any address in a PROXY header: name only the load balancers"
            )


def isWide(network: IPNetwork) -> bool:
    """Return whether a network is too large to contain only load balancers."""
    return network.prefixlen < LEAST_BITS[network.version]
