"""TLS towards the real server, with real certificates: which of them get a mail."""

import re
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from Kamaelia.Apps.Grey.ConcreteMailHandler import ConcreteMailHandler
from Kamaelia.Apps.Grey.Service import Assembly
from Kamaelia.Apps.Grey.System.TLSContext import contextFor, isVerifying
from Kamaelia.Support.Mistakes import MistakesFound
from Tests.Kamaelia.Apps.Grey.wire import GOOD, FarEnd, inTLS, oneMail

NAME = "mail.example.org"
OFFER = "250-far.example.org\r\n250 STARTTLS"


class Signed(NamedTuple):
    certificate: Path
    key: Path


class Authority:
    """Authority(folder) -> signs certificates; `file` is its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        own = self.signed("authority", extensions="basicConstraints=critical,CA:TRUE", signer=None)
        self.file, self.key = own

    def signed(
        self, name: str, days: int = 2, extensions: str = "", signer: Any = "authority"
    ) -> Signed:
        key, cert = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        names = ["-subj", f"/CN={name}", "-addext", extensions or f"subjectAltName=DNS:{name}"]
        if signer is None:
            _openssl("req", "-x509", *new, *names, "-keyout", key, "-out", cert)
        else:
            _openssl("req", "-new", *new, *names, "-keyout", key, "-out", f"{cert}.csr")
            by = ["-CA", self.file, "-CAkey", self.key, "-CAcreateserial", "-days", str(days)]
            copied = ["-copy_extensions", "copy"]
            _openssl("x509", "-req", "-in", f"{cert}.csr", *by, *copied, "-out", cert)
        return Signed(cert, key)


def _openssl(*words: object) -> None:
    command = ["openssl", *map(str, words)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "unknown")


@pytest.fixture
def encrypted() -> Iterator[Callable[[Signed], FarEnd]]:
    """encrypted(signed) -> a real server that goes on in TLS, with this certificate."""
    started: list[FarEnd] = []

    def start(signed: Signed) -> FarEnd:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(signed.certificate, signed.key)
        far = FarEnd(EHLO=OFFER, STARTTLS="220 go")
        far.RequestHandlerClass = inTLS(far.RequestHandlerClass, context)
        started.append(far.__enter__())
        return far

    yield start
    for far in started:
        far.__exit__()


def configured(tmp_path: Path, far: FarEnd, authority: object, name: str = NAME) -> Any:
    """A handler as the configuration describes it, except for its policy."""
    file = tmp_path / "grey.toml"
    server = f'addresses = ["127.0.0.1:{far.port}"]\nsmtp_tls = "must"\n'
    server += f'smtp_tls_ca = "{authority}"\n'
    server += f'smtp_tls_name = "{name}"\n' if name else ""
    file.write_text(f"[forward]\nallowed_domains = []\n[server]\n{server}")
    built = Assembly.build(file).protocol
    names = ("smtp_ip", "smtp_port", "smtp_tls", "smtp_ssl", "smtp_tls_name")
    said: list[str] = []

    class Handler(ConcreteMailHandler):
        def shouldWeAcceptMail(self) -> bool:
            return True

        def noteToLog(self, line: str) -> None:
            said.append(line)

    settings = {each: getattr(built, each) for each in names}
    settings["smtp_offer_interval"] = 0  # no inquiry takes the first of the answers to EHLO
    return type("Handler", (Handler,), {**settings, "said": said})


def test_the_right_name_from_the_right_authority_gets_the_mail(
    serving: Any, tmp_path: Path, authority: Authority, encrypted: Any
) -> None:
    far = encrypted(authority.signed(NAME))
    protocol = configured(tmp_path, far, authority.file)
    assert serving(oneMail(), protocol=protocol) == GOOD["."]
    assert len(far.mails) == 1


def test_the_authorities_of_the_system_can_be_chosen(
    serving: Any,
    tmp_path: Path,
    authority: Authority,
    encrypted: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    far = encrypted(authority.signed(NAME))
    protocol = configured(tmp_path, far, "system")
    assert serving(oneMail(), protocol=protocol) == GOOD["."]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("wrong name", "Hostname mismatch"),
        ("unknown authority", "certificate verify failed"),
        ("expired", "certificate has expired"),
        ("self-signed", "self-signed certificate"),
        ("not of the system", "certificate verify failed"),
    ],
)
def test_any_other_certificate_gets_no_mail_and_the_log_has_the_reason(
    serving: Any,
    tmp_path: Path,
    authority: Authority,
    stranger: Authority,
    encrypted: Any,
    kind: str,
    reason: str,
) -> None:
    trusted: object = "system" if kind == "not of the system" else authority.file
    signed = {
        "wrong name": lambda: authority.signed("other.example.org"),
        "unknown authority": lambda: stranger.signed(NAME),
        "expired": lambda: authority.signed(NAME, days=-1),
        "self-signed": lambda: stranger.signed(NAME, signer=None),
        "not of the system": lambda: authority.signed(NAME),
    }[kind]()
    far = encrypted(signed)
    protocol = configured(tmp_path, far, trusted)
    assert serving(oneMail(), protocol=protocol).startswith("451 4.4.1")
    assert not any(line.startswith("MAIL") for line in far.heard)
    assert far.mails == []
    assert any(reason in line for line in protocol.said)


def test_without_a_name_the_certificate_must_have_the_servers_address(
    serving: Any, tmp_path: Path, authority: Authority, encrypted: Any
) -> None:
    right = authority.signed("address", extensions="subjectAltName=IP:127.0.0.1")
    for signed, reply in ((right, GOOD["."]), (authority.signed(NAME), "451 4.4.1")):
        far = encrypted(signed)
        protocol = configured(tmp_path, far, authority.file, name="")
        assert serving(oneMail(), protocol=protocol).startswith(reply)


def test_a_script_that_names_a_certificate_has_to_verify_it() -> None:
    class Handler(ConcreteMailHandler):
        smtp_tls = "must"
        smtp_tls_name = NAME

    Handler()  # without an SSLContext the system's authorities verify
    Handler(smtp_ssl=ssl.create_default_context())
    withoutName = ssl.create_default_context()
    withoutName.check_hostname = False
    for context in (contextFor(""), withoutName):
        assert not isVerifying(context)
        with pytest.raises(ValueError, match="smtp_tls_name needs an smtp_ssl that verifies"):
            Handler(smtp_ssl=context)


@pytest.mark.parametrize("content", [None, b"", b"garbage"])
def test_an_authority_that_cannot_be_read_is_a_mistake_that_names_it(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_bytes(content)
    far = type("Far", (), {"port": 25})
    with pytest.raises(MistakesFound, match=f"smtp_tls_ca, {re.escape(str(file))}: "):
        configured(tmp_path, far, file)  # type: ignore[arg-type]


def test_a_system_without_authorities_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="no certificate authorities"):
        contextFor("system")
