"""Several certificates: which of them openssl's client is shown, and mistakes in them."""

import json
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Service.Command import main
from Kamaelia.Apps.Grey.System.Certificates import loadCertificate, namesIn
from Kamaelia.Apps.Grey.System.ServerCertificates import contextOf
from Tests.Kamaelia.Apps.Grey.certificates import selfSigned
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE
from Tests.Kamaelia.Apps.Grey.Service.test_Application import grey

__all__ = ["grey"]  # a fixture
PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.S)
OF_ECDSA, OF_RSA = "ECDSA+SHA256", "RSA-PSS+SHA256"
CERTIFICATES = {
    "first": ("RSA", ["mail.example.org", "mx.example.org"]),
    "firstEC": ("ECDSA", ["mail.example.org", "mx.example.org"]),
    "second": ("RSA", ["Mail.Example.Net"]),
    "wild": ("ECDSA", ["*.example.com"]),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """The certificates and keys by name."""
    folder = tmp_path_factory.mktemp("certificates")
    return {name: selfSigned(folder, name, *about) for name, about in CERTIFICATES.items()}


def listen(first: tuple[str, str], *more: tuple[str, str]) -> str:
    """The settings of [listen] for these certificates."""
    pairs = json.dumps([list(each) for each in more])
    certificate, key = first
    return (
        f'tls_certificate = "{certificate}"\ntls_key = "{key}"\ntls_more_certificates = {pairs}\n'
    )


def shown(port: int, name: str, algorithm: str, *words: str) -> str:
    """The certificate that openssl's client gets, in PEM; "" if it gets none."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-starttls", "smtp"]
    command += ["-servername", name] if name else ["-noservername"]
    command += ["-sigalgs", algorithm, *words]
    done = subprocess.run(
        command, input="QUIT\r\n", capture_output=True, text=True, timeout=PATIENCE
    )
    found = PEM.search(done.stdout)
    return found[0] if found else ""


def inFile(files: tuple[str, str]) -> str:
    """The certificate in a file, in PEM."""
    return Path(files[0]).read_text().strip()


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_the_name_and_the_algorithms_of_a_client_select_the_certificate(
    grey: Any, files: dict[str, tuple[str, str]], version: str
) -> None:
    proxy = grey(listen=listen(*files.values()))
    for name, algorithm, expected in (
        ("mail.example.org", OF_RSA, "first"),
        ("mail.example.org", OF_ECDSA, "firstEC"),
        ("MX.example.org", OF_ECDSA, "firstEC"),
        ("mail.example.net", OF_RSA, "second"),
        ("any.example.com", OF_ECDSA, "wild"),
        # Names without a certificate, and no name
        ("a.b.example.com", OF_RSA, "first"),
        ("elsewhere.example", OF_RSA, "first"),
        ("elsewhere.example", OF_ECDSA, "firstEC"),
        ("", OF_RSA, "first"),
        ("", OF_ECDSA, "firstEC"),
    ):
        about = (name, algorithm, expected)
        assert shown(proxy.port, name, algorithm, version) == inFile(files[expected]), about
    # There is no certificate for this name with such a key.
    assert shown(proxy.port, "mail.example.net", OF_ECDSA, version) == ""


def test_of_two_certificates_with_one_kind_of_key_the_first_counts(
    grey: Any, tmp_path: Path
) -> None:
    pairs = [selfSigned(tmp_path, name) for name in ("a", "b")]
    proxy = grey(listen=listen(*pairs))
    assert shown(proxy.port, "mail.example.org", OF_ECDSA) == inFile(pairs[0])


def test_a_hangup_replaces_all_certificates(grey: Any, tmp_path: Path) -> None:
    pairs = [
        selfSigned(tmp_path, "a", "RSA", ["a.example"]),
        selfSigned(tmp_path, "b", "ECDSA", ["b.example"]),
    ]
    proxy = grey(listen=listen(*pairs))
    before = inFile(pairs[1])
    assert shown(proxy.port, "b.example", OF_ECDSA) == before
    assert selfSigned(tmp_path, "b", "ECDSA", ["b.example"]) == pairs[1]
    proxy.program.send_signal(signal.SIGHUP)
    proxy.program.readUntil("reloaded")
    assert shown(proxy.port, "b.example", OF_ECDSA) == inFile(pairs[1]) != before
    # A certificate without its key changes nothing.
    after = inFile(pairs[1])
    selfSigned(tmp_path, "other", "ECDSA", ["b.example"])
    (tmp_path / "otherkey.pem").rename(pairs[1][1])
    proxy.program.send_signal(signal.SIGHUP)
    assert "the key does not belong to the certificate" in proxy.program.readUntil("not reloaded")
    assert shown(proxy.port, "b.example", OF_ECDSA) == after


# Mistakes, as `kamaelia-grey check` reports them


def checked(folder: Path, capsys: pytest.CaptureFixture[str], text: str) -> tuple[int, str]:
    file = folder / "grey.toml"
    file.write_text(
        f'[listen]\naddresses = ["127.0.0.1:0"]\n{text}'
        '[forward]\nallowed_domains = []\n[store]\nurl = "memory:"\n'
    )
    return main(["check", "-c", str(file)]), capsys.readouterr().err


def test_a_further_certificate_whose_key_does_not_match_is_a_mistake(
    files: dict[str, tuple[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = (files["wild"][0], files["firstEC"][1])
    status, said = checked(tmp_path, capsys, listen(files["first"], pair))
    assert status == 1
    assert f"{pair[0]} with key {pair[1]}: the key does not belong to the certificate" in said


@pytest.mark.parametrize("missing", [0, 1])
def test_a_further_file_that_does_not_exist_is_a_mistake(
    files: dict[str, tuple[str, str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    missing: int,
) -> None:
    pair = list(files["wild"])
    pair[missing] = "/no/such/file"
    status, said = checked(tmp_path, capsys, listen(files["first"], (pair[0], pair[1])))
    assert status == 1
    assert "/no/such/file" in said


def expired(folder: Path) -> tuple[str, str]:
    """A certificate of 2020, for b.example."""
    pair = selfSigned(folder, "old", "ECDSA", ["b.example"])
    (folder / "index.txt").touch()
    (folder / "serial").write_text("01\n")
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\nserial = serial\nnew_certs_dir = .\n"
        "default_md = sha256\npolicy = any\ncopy_extensions = copy\n[any]\ncommonName = supplied\n"
    )
    words = ["openssl", "req", "-new", "-key", pair[1], "-subj", "/CN=Any", "-out", "r"]
    words += ["-addext", "subjectAltName=DNS:b.example"]
    subprocess.run(words, check=True, capture_output=True, timeout=60, cwd=folder)
    words = ["openssl", "ca", "-batch", "-selfsign", "-config", "ca.cnf", "-keyfile", pair[1]]
    words += ["-in", "r", "-startdate", "20200101000000Z", "-enddate", "20210101000000Z"]
    words += ["-out", pair[0], "-notext"]
    subprocess.run(words, check=True, capture_output=True, timeout=60, cwd=folder)
    return pair


def test_a_further_certificate_that_has_expired_is_a_mistake(
    files: dict[str, tuple[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = expired(tmp_path)
    status, said = checked(tmp_path, capsys, listen(files["first"], pair))
    assert status == 1
    assert f"the certificate {pair[0]} has expired: renew it" in said


def test_a_server_with_an_expired_certificate_starts_and_logs_it(
    grey: Any, files: dict[str, tuple[str, str]], tmp_path: Path
) -> None:
    pair = expired(tmp_path)
    proxy = grey(listen=listen(files["first"], pair))
    assert shown(proxy.port, "b.example", OF_ECDSA) == inFile(pair)
    assert f"the certificate {pair[0]} has expired: renew it" in proxy.started


def test_a_certificate_for_another_purpose_is_a_mistake(tmp_path: Path) -> None:
    pair = selfSigned(tmp_path, extensions=["extendedKeyUsage=clientAuth"])
    with pytest.raises(ValueError, match=r"cert.pem is not usable: .*purpose"):
        contextOf([pair])


# Names


def test_the_names_of_a_certificate_are_those_for_hosts(tmp_path: Path) -> None:
    pair = selfSigned(tmp_path, hosts=["A.example", "*.b.example", "a.example"])
    assert namesIn(loadCertificate(*pair), pair[0]) == ["a.example", "*.b.example"]


def test_the_name_of_a_certificate_without_host_names_is_its_common_name(tmp_path: Path) -> None:
    pair = selfSigned(tmp_path, hosts=[])
    assert namesIn(loadCertificate(*pair), pair[0]) == ["any"]
