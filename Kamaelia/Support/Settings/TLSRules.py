"""The rules for the TLS settings of connections to the real server.

Example usage::

    >>> mistakeOfTLS("must", authority="", name="mail.example.org")
    ('smtp_tls_name is the name in a certificate, ...', 'smtp_tls_name')

The configuration reports these mistakes. Kamaelia.Apps.Grey.Backend.Backend has the rule for mail
handlers of scripts, which have an SSLContext instead of the name of an authority.
"""

from __future__ import annotations

SYSTEM = "system"  # as smtp_tls_ca: the authorities that the operating system trusts
NOT_VERIFIED = (
    "smtp_tls_name is the name in a certificate, which is verified only with smtp_tls_ca:"
    ' name the file of an authority there, or write "system"'
)


def mistakeOfTLS(tls: str, authority: str, name: str) -> tuple[str, str] | None:
    """Return a mistake and the setting that it concerns, or None.

    The arguments are the values of smtp_tls, smtp_tls_ca and smtp_tls_name.
    """
    if tls == "no" and (authority or name):
        setting = "smtp_tls_ca" if authority else "smtp_tls_name"
        return f'{setting} has no effect while smtp_tls is "no": write "must"', setting
    if name and not authority:
        return NOT_VERIFIED, "smtp_tls_name"
    return None
