import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Data.bitfieldrec import bfrec, field


class Record(bfrec):
    fields = field.mkList(
        [("hello", 4, None), ("bye", 4, None), ("many", 5, list), ("long", 32, None)]
    )


@given(st.integers(0, 15), st.integers(0, 15), st.integers(0, 2**32 - 1), st.data())
def test_the_bytes_are_the_fields_one_after_the_other(hello, bye, number, data):
    many = data.draw(st.lists(st.integers(0, 31), max_size=3).map(lambda some: some * 8))
    bits = f"{hello:04b}{bye:04b}" + "".join(f"{each:05b}" for each in many) + f"{number:032b}"
    record = Record(hello=hello, bye=bye, many=many, long=number)
    assert record.structureSize() == len(bits)
    assert bytes(record.pack()) == int(bits, 2).to_bytes(len(bits) // 8, "big")


def test_a_field_that_is_not_given_is_zero_or_empty_and_may_be_set_later():
    record = Record()
    assert record.pack() == [0] * 5
    record.bye = 3
    record.many += [1] * 8
    assert record.pack()[0] == 3
    assert Record().many == []


def test_fields_may_be_defined_by_an_instance():
    assert bfrec(fields=[("a", 8, None)], a=7).pack() == [7]


@pytest.mark.parametrize("values", [{"hello": 16}, {"hello": -1}, {"many": [32]}, {"many": [1]}])
def test_a_value_that_does_not_fit_is_an_error(values):
    with pytest.raises(ValueError, match=r"does not fit|not a multiple"):
        Record(**values).pack()


def test_a_misspelt_field_is_an_error():
    with pytest.raises(TypeError, match="no field helo"):
        Record(helo=1)
