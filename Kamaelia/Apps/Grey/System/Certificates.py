"""A certificate for STARTTLS: loaded without a prompt, and checked as by a client.

Example usage
-------------
    context = loadCertificate("cert.pem", "key.pem")      # or a ValueError
    mistakes, warnings = checkCertificate(context, "cert.pem")

How does it work?
-----------------
The check performs TLS handshakes in memory. The first trusts the certificates in the file
itself, so it fails only because of their time or purpose. The second trusts the authorities of
the system, and shows whether a verifying client would find a chain to one of them.
"""

from __future__ import annotations

import ssl
from typing import Any, NamedTuple

EXPIRED, NOT_YET_VALID = 10, 9  # X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID
NO_ISSUER = (2, 20, 21)  # X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT and its two variants
MOST_STEPS = 20  # in a handshake
NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, which the module ssl does not name

REASONS = {
    EXPIRED: "has expired: renew it",
    NOT_YET_VALID: "is not valid yet: check the clock of this machine",
}


class CertificateCheck(NamedTuple):
    """The mistakes and warnings about a certificate, in sentences."""

    mistakes: list[str]
    warnings: list[str]


def loadCertificate(certificate: str, key: str) -> ssl.SSLContext:
    """Return a context for servers. Raise ValueError, which names the files and the remedy."""
    context = serverContext()
    addCertificate(context, certificate, key)
    return context


def serverContext() -> ssl.SSLContext:
    """Return a context for servers, without a certificate."""
    return ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)


def addCertificate(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """Add a certificate to a context; it replaces one with the same kind of key.

    Raise ValueError, which names the files and the remedy.
    """
    files = f"the certificate {certificate} with key {key}"
    try:
        context.load_cert_chain(certificate, key, password=_refuseToAsk)
    except EncryptedKey:
        raise ValueError(
            f"{files}: the key is encrypted, and a server cannot ask for its password. Decrypt"
            f" it: openssl pkey -in {key} -out FILE"
        ) from None
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ValueError(f"{files}: the key does not belong to the certificate") from None
        raise ValueError(
            f"{files}: the files are not a certificate and a key in PEM: {error}"
        ) from None
    except OSError as error:
        raise ValueError(f"{files}: {error}") from None


class EncryptedKey(Exception):
    """The error for a key that requires a password."""


def _refuseToAsk() -> str:
    """Raise EncryptedKey; without this function OpenSSL would ask at the terminal."""
    raise EncryptedKey


def checkCertificate(context: ssl.SSLContext, certificate: str) -> CertificateCheck:
    """Return the problems that a client would have with the certificate of a server's context."""
    found = CertificateCheck([], [])
    refusal = _refusalOf(context, _clientOf(certificate))
    if refusal is None:
        refusal = _refusalOf(context, ssl.create_default_context())
    if refusal is None:
        return found
    code, message = refusal
    if code in REASONS:
        found.mistakes.append(f"the certificate {certificate} {REASONS[code]}")
    elif code in NO_ISSUER:
        found.warnings.append(
            f"the certificate {certificate} is incomplete, or this system does not trust its"
            " authority: if it has intermediate certificates, append them to the file"
            " (fullchain.pem). Otherwise servers that verify it will not send mail"
        )
    elif "self-signed" not in message and "self signed" not in message:
        found.mistakes.append(f"the certificate {certificate} is not usable: {message}")
    return found


def namesIn(context: ssl.SSLContext, certificate: str) -> list[str]:
    """Return the host names in the certificate of a server's context, in lower case.

    They are those of subjectAltName, or the common name if it has none. An expired certificate
    has names as well. Raise ValueError if a client cannot use the certificate.
    """
    client = _clientOf(certificate)
    client.verify_flags |= NO_CHECK_TIME
    try:
        found: dict[str, Any] = _handshake(context, client).getpeercert() or {}
    except ssl.SSLError as error:
        message = getattr(error, "verify_message", "") or error.reason
        raise ValueError(f"the certificate {certificate} is not usable: {message}") from None
    names = [value for kind, value in found.get("subjectAltName", ()) if kind == "DNS"]
    subject = [pair for pairs in found.get("subject", ()) for pair in pairs]
    common = [value for kind, value in subject if kind == "commonName"]
    return list(dict.fromkeys(name.lower() for name in names or common))


def _clientOf(certificate: str) -> ssl.SSLContext:
    """Return the context of a client that trusts the certificates in a file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certificate)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _refusalOf(server: ssl.SSLContext, client: ssl.SSLContext) -> tuple[int, str] | None:
    """Return the code and message with which the client rejects the certificate, or None."""
    try:
        _handshake(server, client)
    except ssl.SSLCertVerificationError as error:
        return error.verify_code, error.verify_message
    return None


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> ssl.SSLObject:
    """Return the client's end after a handshake in memory, which does not check the name.

    Raise SSLCertVerificationError if the client rejects the certificate.
    """
    client.check_hostname = False
    toServer, toClient = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(toClient, toServer),
        server.wrap_bio(toServer, toClient, server_side=True),
    ]
    for step in range(MOST_STEPS):
        try:
            ends[step % 2].do_handshake()
        except ssl.SSLWantReadError:
            continue
    return ends[0]
