"""Errors of a real redis-server, and what a link says about them."""

import pytest

from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Net.RemoteOut import RemoteOut
from Kamaelia.Support.Links.Errors import linkError
from Kamaelia.Util.OneShot import OneShot
from Tests.Kamaelia.Net.redisServer import RedisServer


def errorOfWriter(url, **options):
    out = RemoteOut(url, "link", **options)
    with pytest.raises(linkError) as caught:
        Pipeline(OneShot("x" * 1000), out).run()
    assert out.name in "".join(caught.value.__notes__)
    return str(caught.value)


def test_a_key_of_another_type_is_an_error_that_says_so(redis):
    redis.command("SET", "link", "text")
    assert "choose another name" in errorOfWriter(redis.url)


def test_a_server_without_memory_is_an_error_that_says_so(redis):
    redis.command("CONFIG", "SET", "maxmemory", "1")
    assert "maxmemory" in errorOfWriter(redis.url)


def test_a_replica_is_an_error_that_says_so(redis):
    redis.command("REPLICAOF", "127.0.0.1", "1")
    assert "the primary" in errorOfWriter(redis.url)


@pytest.mark.parametrize(("user", "expected"), [(":wrong@", "is wrong"), ("", "needs a password")])
def test_a_password_that_is_wrong_or_missing_is_an_error_without_the_password(
    needs, freePorts, user, expected
):
    port = freePorts()
    words = ("--requirepass", "secret", "--port", str(port), "--bind", "127.0.0.1")
    with RedisServer(needs("redis-server"), *words):
        text = errorOfWriter(f"redis://{user}127.0.0.1:{port}/0")
    assert expected in text
    assert "wrong@" not in text


def test_a_link_waits_for_its_server_and_after_its_patience_ends_with_an_error(tmp_path):
    text = errorOfWriter(f"unix://{tmp_path}/redis.sock", patience=0.05)
    assert "has not worked for 0.05 seconds" in text
