"""A server of another library, or of the standard library, that runs beside a test."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def served(server: Any) -> Iterator[Any]:
    """Run serve_forever() in a thread until the `with` block ends; give the server.

    A thread that is left would keep later tests from forking and from finding a deadlock.
    """
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
