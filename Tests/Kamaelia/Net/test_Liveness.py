"""The keys at a server that show which ends are alive."""

from redis import Redis

from Kamaelia.Net.Liveness import aliveKey, milliseconds, showLife


def test_all_keys_of_a_link_begin_with_the_key_without_a_token():
    assert aliveKey("link", "token").startswith(aliveKey("link", ""))


def test_a_time_is_never_shorter_than_a_millisecond():
    assert [milliseconds(each) for each in (0.0, 0.0001, 1.5)] == [1, 1, 1500]


def test_a_key_expires_after_the_heartbeat(redis):
    with Redis.from_url(redis.url) as client:
        showLife(client, aliveKey("link", "token"), 60)
        assert 59_000 < client.pttl("link:alive:token") <= 60_000
