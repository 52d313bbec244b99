from Tests.Kamaelia.sockets import dial, readAll, readExactly


def readUntil(server, sign, part):
    while True:
        line = server.process.stdout.readline()
        assert line
        if line.startswith(sign) and part in line:
            return line


def test_the_components_of_a_connection_appear_and_go(serve):
    server = serve("Introspection/server.py")
    with dial(server.port) as sock:
        sock.sendall(b"x")
        assert readExactly(sock, 1) == b"x"
        appeared = readUntil(server, "+ ", "__main__.Echo")
    assert readUntil(server, "- ", "__main__.Echo")[2:] == appeared[2:]
    assert server.end() == (0, "")


def test_a_snapshot_shows_where_the_messages_wait(run):
    done = run("Introspection/snapshot.py")
    assert (done.stderr, done.returncode) == ("", 0)
    [consumer] = [line for line in done.stdout.splitlines() if line.startswith("Consumer")]
    assert int(consumer.split("'inbox': ")[1].rstrip("}")) > 10


def test_a_snapshot_shows_that_a_component_is_held(run):
    done = run("Introspection/snapshot.py", "--capacity", 10)
    assert (done.stderr, done.returncode) == ("", 0)
    [producer] = [line for line in done.stdout.splitlines() if line.startswith("Producer")]
    assert producer.split()[1] == "held"
    [consumer] = [line for line in done.stdout.splitlines() if line.startswith("Consumer")]
    assert int(consumer.split("'inbox': ")[1].rstrip("}")) <= 10


def test_the_server_of_the_example_echoes(serve):
    with dial(serve("Introspection/server.py").port) as sock:
        sock.sendall(b"hello")
        sock.shutdown(1)
        assert readAll(sock) == b"hello"
