"""The ends of links: interruptions, patience, and attempts to connect."""

import asyncio
import logging

import pytest

from Axon.Component import component
from Kamaelia.Net import Ends
from Kamaelia.Net.Ends import LinkEnd, ReaderEnd, firstOf, keepTrying, nameOfComponent
from Kamaelia.Support.Links.Errors import linkError
from Kamaelia.Support.Links.Incoming import Incoming


def reader(limit=2):
    return ReaderEnd(component(), "link", None, limit, ["json"], Incoming(), 5.0)


def test_an_interruption_is_logged_once_at_its_beginning_and_its_end(caplog):
    caplog.set_level(logging.INFO, "Kamaelia.Net")
    end = LinkEnd(component(), "lines", None)
    end.interrupted(OSError("gone"))
    end.interrupted(OSError("still gone"))
    end.connected()
    end.connected()
    assert [record.message.partition(": ")[2] for record in caplog.records] == [
        "waits for the link 'lines': gone",
        "the link 'lines' works again",
    ]


def test_after_its_patience_an_end_fails_with_the_last_reason():
    async def run():
        end = LinkEnd(component(), "lines", 0.01)
        failed = asyncio.Event()
        end.changed = failed.set
        end.interrupted(OSError("gone"))
        end.interrupted(OSError("refused"))
        await failed.wait()
        return end.error

    error = asyncio.run(run())
    assert isinstance(error, linkError)
    assert "0.01 seconds: refused" in str(error)


def test_attempts_are_repeated_until_one_succeeds(monkeypatch):
    monkeypatch.setattr(Ends, "BACKOFF", (0.0, 0.0))
    attempts = []

    async def attempt():
        attempts.append(len(attempts))
        if len(attempts) < 4:
            raise ConnectionRefusedError

    asyncio.run(keepTrying(attempt, LinkEnd(component(), "link", None)))
    assert attempts == [0, 1, 2, 3]


def test_an_error_that_is_no_interruption_is_raised_at_once():
    async def attempt():
        raise linkError("refused")

    with pytest.raises(linkError, match="refused"):
        asyncio.run(keepTrying(attempt, LinkEnd(component(), "link", None)))


def test_the_first_of_several_coroutines_ends_the_others():
    ended = []

    async def forever():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def fails():
        raise linkError("wrong")

    with pytest.raises(linkError, match="wrong"):
        asyncio.run(firstOf(forever(), fails()))
    assert ended == [True]


def test_a_reader_confirms_and_settles_only_forwards():
    end = reader()
    end.begin(5)
    end.confirmUpTo(3)
    end.settle(2)
    assert (end.confirmable, end.settled) == (5, 5)
    end.confirmUpTo(7)
    end.settle(7)
    assert (end.confirmable, end.settled) == (7, 7)


def test_a_reader_that_begins_at_the_end_has_settled_it():
    end = reader()
    end.begin(5, "finished")
    assert end.incoming.isAtEnd()
    assert end.isSettledToTheEnd()


def test_a_codec_that_is_not_accepted_is_an_error():
    with pytest.raises(linkError, match=r"the codec 'pickle' is not accepted, only \['json'\]"):
        reader().codec("pickle")


def test_the_first_of_several_does_not_swallow_a_cancellation_while_the_others_end():
    async def run():
        isEnding, mayEnd = asyncio.Event(), asyncio.Event()

        async def endSlowly():
            try:
                await asyncio.Event().wait()
            finally:
                isEnding.set()
                await mayEnd.wait()

        async def fail():
            raise OSError("gone")

        first = asyncio.ensure_future(firstOf(endSlowly(), fail()))
        await isEnding.wait()
        first.cancel()
        mayEnd.set()
        with pytest.raises(asyncio.CancelledError):
            await first

    asyncio.run(run())


def test_only_a_component_is_sent_as_its_name():
    some = component()
    assert nameOfComponent(some) == some.name
    assert nameOfComponent(object()) is None


def test_what_is_confirmed_at_once_counts_as_secured_if_it_cannot_be_lost():
    end = reader()
    end.begin(5)
    end.confirmUpTo(7)
    end.secure()
    assert (end.secured, end.settled) == (5, 5)  # the task of the transport has to send it
    sent = []
    end.confirmAtOnce = lambda number: sent.append(number) or number != 7
    end.secure()
    assert end.secured == 5
    end.confirmUpTo(9)
    end.secure()
    end.secure()
    assert (end.secured, end.settled) == (9, 5)  # the writer has not answered yet
    assert sent == [7, 9]
    end.settle(10)
    assert (end.secured, end.settled) == (10, 10)
