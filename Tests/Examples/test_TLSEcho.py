import random
import ssl
import stat

import pytest

from Tests.Kamaelia.sockets import dial, readExactly

pytestmark = pytest.mark.needs("openssl")


def test_it_creates_a_certificate_that_clients_can_verify(serve, tmp_path):
    path = tmp_path / "localhost.pem"
    server = serve("TLSEcho/server.py", "--certificate", path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    sent = random.Random(1).randbytes(200_000)
    trusting = ssl.create_default_context(cafile=path)
    for name in ("localhost", "127.0.0.1"):
        with trusting.wrap_socket(dial(server.port), server_hostname=name) as sock:
            sock.sendall(sent[:100])
            assert readExactly(sock, 100) == sent[:100]
            for start in range(0, len(sent), 20_000):
                sock.sendall(sent[start : start + 20_000])
                assert readExactly(sock, 20_000) == sent[start : start + 20_000]
    assert server.end() == (0, "")


def test_an_existing_certificate_is_kept(serve, tmp_path):
    path = tmp_path / "localhost.pem"
    serve("TLSEcho/server.py", "--certificate", path).end()
    before = path.read_bytes()
    serve("TLSEcho/server.py", "--certificate", path).end()
    assert path.read_bytes() == before


def test_a_client_without_TLS_gets_no_answer_and_does_not_affect_others(serve, tmp_path):
    server = serve("TLSEcho/server.py")
    with dial(server.port) as sock:
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert b"GET" not in sock.recv(1000)
    distrusting = ssl.create_default_context()
    with pytest.raises(ssl.SSLCertVerificationError):
        distrusting.wrap_socket(dial(server.port), server_hostname="localhost")
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    with unverified.wrap_socket(dial(server.port)) as sock:
        sock.sendall(b"x")
        assert sock.recv(1) == b"x"
    status, errors = server.end()
    assert status == 0
    assert [line.split(" with ")[0] for line in errors.splitlines()] == ["the TLS handshake"] * 2
