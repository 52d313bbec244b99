"""Certificates from openssl that sign themselves, for tests of STARTTLS."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

KEYS = {
    "ECDSA": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    "RSA": ["-newkey", "rsa:2048"],
}


def selfSigned(
    folder: Path,
    name: str = "",
    kind: str = "ECDSA",
    hosts: Sequence[str] = ("mail.example.org",),
    extensions: Sequence[str] = (),
) -> tuple[str, str]:
    """Write NAMEcert.pem and NAMEkey.pem into a folder; return the names of the files."""
    certificate, key = folder / f"{name}cert.pem", folder / f"{name}key.pem"
    names = ",".join(f"DNS:{each}" for each in hosts)
    more = [f"subjectAltName={names}", *extensions] if hosts else extensions
    words = ["openssl", "req", "-x509", *KEYS[kind], "-nodes", "-days", "2", "-subj", "/CN=Any"]
    words += [word for each in more for word in ("-addext", each)]
    words += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    return str(certificate), str(key)
