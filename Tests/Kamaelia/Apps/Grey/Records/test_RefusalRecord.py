"""The ids of mails and sessions."""

import os

from Kamaelia.Apps.Grey.Records.RefusalRecord import IDS_AT_ONCE, newId

MANY = 3 * IDS_AT_ONCE


def test_each_id_is_another_one_of_twelve_hexadecimal_digits() -> None:
    ids = [newId() for _ in range(MANY)]
    assert len(set(ids)) == MANY
    assert all(len(each) == 12 and set(each) <= set("0123456789abcdef") for each in ids)


def test_a_forked_process_has_other_ids_than_its_parent() -> None:
    newId()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, "".join(newId() for _ in range(MANY)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with open(reading) as pipe:
        text = pipe.read()
    ofChild = {text[place : place + 12] for place in range(0, len(text), 12)}
    assert len(ofChild) == MANY
    assert not ofChild & {newId() for _ in range(MANY)}
