"""DKIM keys and signed mails for tests."""

import base64
import subprocess
from pathlib import Path
from typing import Any

import pytest

from Tests.Kamaelia.Apps.Grey.programs import PATIENCE

MAIL = (
    b"From: Ann <ann@b.example>\r\nTo: c@d.example\r\nSubject: hello\r\n\r\n"
    b"Hello,\r\n.a line with a dot\r\n\r\n"
)


class SigningKey:
    """SigningKey(folder, bits) -> a key; `record` is its text in DNS."""

    def __init__(self, folder: Path, bits: int = 1024) -> None:
        file = folder / "key.pem"
        for words in (
            ["openssl", "genrsa", "-traditional", "-out", str(file), str(bits)],
            [
                "openssl",
                "rsa",
                "-in",
                str(file),
                "-pubout",
                "-outform",
                "DER",
                "-out",
                f"{file}.pub",
            ],
        ):
            subprocess.run(words, check=True, capture_output=True, timeout=PATIENCE)
        self.private = file.read_bytes()
        public = base64.b64encode(Path(f"{file}.pub").read_bytes()).decode()
        self.record = f"v=DKIM1; k=rsa; p={public}"

    @property
    def zoneLine(self) -> str:
        """The record in a zone file, in strings of at most 255 octets."""
        parts = [self.record[at : at + 200] for at in range(0, len(self.record), 200)]
        return "mail._domainkey TXT " + " ".join(f'"{part}"' for part in parts) + "\n"

    def signed(self, mail: bytes = MAIL, domain: str = "b.example", **more: Any) -> bytes:
        """Return a mail with a signature of this domain."""
        dkim = pytest.importorskip("dkim")
        about = {"include_headers": [b"From", b"Subject"]} | more
        header: bytes = dkim.sign(mail, b"mail", domain.encode(), self.private, **about)
        return header + mail
