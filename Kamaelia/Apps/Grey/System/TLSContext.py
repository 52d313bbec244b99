"""The SSLContext for connections to the real server, as the configuration describes it.

Example usage
-------------
    context = contextFor("/etc/ssl/our-authority.pem")
"""

from __future__ import annotations

import ssl
from pathlib import Path

from Kamaelia.Support.Settings.TLSRules import SYSTEM


def contextFor(authority: str) -> ssl.SSLContext:
    """Return a context that verifies certificates against `authority`.

    authority: a file in PEM, "system" for the authorities of the operating system, or "" for
    opportunistic encryption without verification (RFC 7435), as is usual between mail servers.
    Raise OSError (which includes ssl.SSLError) if the authority cannot be loaded.
    """
    if authority == SYSTEM:
        return _systemContext()
    context = ssl.create_default_context(cafile=authority or None)
    if not authority:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def isVerifying(context: ssl.SSLContext) -> bool:
    """Return whether the context accepts only certificates that are valid for the host's name."""
    return context.check_hostname and context.verify_mode == ssl.CERT_REQUIRED


def _systemContext() -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not context.get_ca_certs() and not _hasFolderOfAuthorities():
        raise FileNotFoundError(
            "the system has no certificate authorities: install the package ca-certificates, or"
            " name a file"
        )
    return context


def _hasFolderOfAuthorities() -> bool:
    """Return whether the folder that OpenSSL reads authorities from has files."""
    folder = ssl.get_default_verify_paths().capath
    return folder is not None and any(Path(folder).iterdir())
