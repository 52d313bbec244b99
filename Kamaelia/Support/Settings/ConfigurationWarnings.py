"""Warnings about settings that are valid but probably unintended.

Example usage::

    >>> print(*warningsOf(Configuration(), hostname="localhost"))
    the host name of this machine is localhost, ...
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from Kamaelia.Support.Networks import IPNetwork, parseNetwork
from Kamaelia.Support.Settings.Configuration import Configuration

LEAST_BITS = {4: 8, 6: 16}  # in a network of load balancers; 10.0.0.0/8 is common
SERVERS_TIMEOUT = 300.0  # seconds: RFC 5321 section 4.5.3.2.7, and the default of Postfix and Exim
POSTFIX_TIMEOUT = 100.0  # seconds: the default of smtpd_policy_service_timeout
SERVERS_PROCESSES = 100  # of Postfix, by default
UNSPECIFIC = ("localhost", "localhost.localdomain")


def warningsOf(configuration: Configuration, hostname: str) -> Iterator[str]:
    """Yield a sentence for each warning. `hostname` is the default of servername."""
    if configuration.greylist.dry_run:
        yield "dry_run in [greylist] is true: no mail is deferred"
    if configuration.log.format == "postfix" and not configuration.log.logfile:
        yield 'format in [log] is "postfix", and pflogsumm reads files: write logfile in [log]'
    yield from warningsOfStore(configuration)
    yield from warningsOfPolicy(configuration)
    if not configuration.hasProxy:
        return
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
    for text in configuration.listen.xclient_from:
        if isWide(parseNetwork(text)):
            yield (
                f"{text} in xclient_from is a very large network, and each client in it may claim"
                " any address by XCLIENT: name only your own hosts"
            )
    yield from warningsOfIdleConnections(configuration)


def warningsOfStore(configuration: Configuration) -> Iterator[str]:
    """Yield a warning if the workers do not share their copy of a store in Redis."""
    store = configuration.store
    isOfOneWorker = store.on_failure == "copy" and store.copy == "memory:"
    if isOfOneWorker and configuration.listen.workers > 1 and "//" in store.url:
        yield (
            "each worker has a copy of its own while Redis fails: let them share a file, such as"
            ' copy = "sqlite:/var/lib/kamaelia-grey/copy.db" in [store]'
        )


def warningsOfPolicy(configuration: Configuration) -> Iterator[str]:
    """Yield warnings about the policy service and the milter."""
    for name, section in configuration.delegates.items():
        for address in section.addresses:
            if not address.path and not isLoopback(address.host):
                yield (
                    f"{address} in [{name}] can be reached from other machines, and whoever can"
                    " connect may add triples to the store: listen on 127.0.0.1 or a Unix socket,"
                    " or restrict access with a firewall"
                )
    greylist = configuration.greylist
    if "policy" not in configuration.delegates:
        return
    if greylist.decide_at == "data":
        yield (
            'decide_at in [greylist] is "data": the policy service defers a mail only if'
            " smtpd_data_restrictions of Postfix asks it, too"
        )
    if greylist.tarpit >= POSTFIX_TIMEOUT:
        yield (
            f"tarpit in [greylist] is {greylist.tarpit:.0f} seconds, and Postfix waits"
            f" {POSTFIX_TIMEOUT:.0f} for the policy service (smtpd_policy_service_timeout): write a"
            " shorter time"
        )


def warningsOfIdleConnections(configuration: Configuration) -> Iterator[str]:
    """Yield warnings about the connections that are kept open to the real servers."""
    server, workers = configuration.server, configuration.listen.workers
    isKept = server.client_address == "none" and server.smtp_tls == "no"
    if not isKept or not server.smtp_idle_connections:
        return
    if server.smtp_idle_time >= SERVERS_TIMEOUT:
        yield (
            f"smtp_idle_time in [server] is {server.smtp_idle_time:.0f} seconds, and most servers"
            f" close an idle connection after {SERVERS_TIMEOUT:.0f}: write a shorter time"
        )
    most = server.smtp_idle_connections * workers
    if most >= SERVERS_PROCESSES:
        yield (
            f"smtp_idle_connections in [server] allows {most} idle connections of all workers, and"
            f" Postfix serves {SERVERS_PROCESSES} at a time (default_process_limit): write a"
            " smaller number"
        )


def isLoopback(host: str) -> bool:
    """Return whether a host is this machine only; names other than localhost are not asked."""
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def isWide(network: IPNetwork) -> bool:
    """Return whether a network is too large to contain only load balancers."""
    return network.prefixlen < LEAST_BITS[network.version]
