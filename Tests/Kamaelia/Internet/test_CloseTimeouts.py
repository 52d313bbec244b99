"""Time limits for connections that are closed."""

import asyncio
import gc
import weakref

from Kamaelia.Internet.CloseTimeouts import closeTimeoutsOf


def test_each_event_loop_has_its_own_limits():
    loops = [asyncio.new_event_loop() for _ in range(2)]
    first, second, again = (closeTimeoutsOf(each) for each in [*loops, loops[0]])
    assert first is again
    assert first is not second
    for each in loops:
        each.close()


def test_the_limits_of_an_event_loop_do_not_keep_it():
    loop = asyncio.new_event_loop()
    closeTimeoutsOf(loop)
    loop.close()
    kept = weakref.ref(loop)
    del loop
    gc.collect()
    assert kept() is None
