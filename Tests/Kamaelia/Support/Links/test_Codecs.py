"""Messages as bytes: plain data arrives with its type, and other data is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from Kamaelia.Support.Links.Codecs import (
    DEEPEST_TUPLE,
    PickleCodec,
    availableCodecs,
    bestCodec,
    codecNamed,
)
from Kamaelia.Support.Links.Errors import linkError, notEncodable

scalars = (
    some.none()
    | some.booleans()
    | some.integers(-(2**80), 2**80)
    | some.floats(allow_nan=False)
    | some.text(some.characters())
    | some.binary()
)
keys = some.recursive(scalars, lambda inner: some.tuples(inner, inner), max_leaves=4)
plain = some.recursive(
    scalars,
    lambda inner: (
        some.lists(inner)
        | some.lists(inner).map(tuple)
        | some.dictionaries(keys, inner)
        | some.dictionaries(some.just("$") | some.text(), inner)
    ),
    max_leaves=12,
)


def types(value):
    """Return the types within a value; 1, 1.0 and True are equal, but differ here."""
    if type(value) is dict:
        return dict, [(types(key), types(each)) for key, each in value.items()]
    if type(value) in (list, tuple):
        return type(value), [types(each) for each in value]
    return type(value)


@pytest.mark.parametrize("name", ["msgpack", "json"])
@given(messages=some.lists(plain, min_size=1, max_size=4))
def test_plain_data_arrives_with_its_type(name, messages):
    codec = codecNamed(name)
    data = codec.join([codec.encode(each) for each in messages])
    found = codec.split(data, len(messages))
    assert found == messages
    assert types(found) == types(messages)


@pytest.mark.parametrize("name", ["msgpack", "json"])
@given(data=some.binary(), count=some.integers(1, 100))
def test_damaged_data_is_an_error_of_the_link(name, data, count):
    try:
        found = codecNamed(name).split(data, count)
    except linkError:
        return
    assert len(found) == count


class Number(int):
    pass


@pytest.mark.parametrize("name", ["msgpack", "json"])
@pytest.mark.parametrize("value", [{1, 2}, object(), Number(4), 1j])
def test_a_value_that_is_not_plain_is_refused_by_type_and_the_codec_still_works(name, value):
    codec = codecNamed(name)
    for message in (value, [value], {"a": (value,)}):
        with pytest.raises(notEncodable, match=type(value).__name__):
            codec.encode(message)
    assert codec.split(codec.join([codec.encode("next")]), 1) == ["next"]


@pytest.mark.parametrize("name", ["msgpack", "json"])
@pytest.mark.parametrize("kind", [list, tuple])
def test_a_message_with_too_many_levels_is_refused(name, kind):
    deep = kind()
    for _ in range(5000):
        deep = kind([deep])
    with pytest.raises(notEncodable, match="levels"):
        codecNamed(name).encode(deep)


def nestedTuples(levels):
    value = ()
    for _ in range(levels - 1):
        value = (value,)
    return value


def test_tuples_in_msgpack_have_as_many_levels_as_the_reader_can_read():
    codec = codecNamed("msgpack")
    deepest = nestedTuples(DEEPEST_TUPLE)
    assert codec.split(codec.join([codec.encode(deepest)]), 1) == [deepest]
    with pytest.raises(notEncodable, match=f"more than {DEEPEST_TUPLE} levels of tuples"):
        codec.encode((deepest,))
    assert codec.split(codec.join([codec.encode(deepest)]), 1) == [deepest]


def test_a_frame_of_hostile_tuples_does_not_exhaust_the_stack():
    msgpack = pytest.importorskip("msgpack")
    payload = msgpack.packb([])
    for _ in range(2000):
        payload = msgpack.packb([msgpack.ExtType(1, payload)])
    codec = codecNamed("msgpack")
    for _ in range(2):
        with pytest.raises(linkError, match="levels of tuples"):
            codec.split(payload, 1)
    assert codec.split(codec.join([codec.encode(((1,),))]), 1) == [((1,),)]


@pytest.mark.parametrize("name", ["msgpack", "json", "pickle"])
def test_an_object_with_a_name_arrives_as_its_name(name):
    class Part:
        name = "Reader_7"

    codec = codecNamed(name, lambda thing: getattr(thing, "name", None))
    message = {"caller": Part()} if name != "pickle" else [Part()]
    data = codec.join([codec.encode(message)])
    assert "Reader_7" in str(codec.split(data, 1))


def test_pickle_carries_any_object_and_says_what_it_cannot_carry():
    codec = PickleCodec()
    assert codec.split(codec.join([codec.encode({1}), codec.encode(2j)]), 2) == [{1}, 2j]
    with pytest.raises(notEncodable, match="function"):
        codec.encode(lambda: None)


def test_the_codec_is_the_best_one_that_both_ends_have():
    assert bestCodec(["json", "other"]) == "json"
    assert bestCodec(["json", *availableCodecs()]) == availableCodecs()[0]
    with pytest.raises(linkError, match="json"):
        bestCodec(["other"])


def test_an_unknown_codec_is_an_error_that_names_the_known_ones():
    with pytest.raises(linkError, match="json"):
        codecNamed("xml")
