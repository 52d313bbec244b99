"""Values as JSON, and back.

Example usage
-------------
    Pipeline(DataSource([["foo", {"bar": None}]]), JSONEncoder(), JSONDecoder(), Show()).run()

How does it work?
-----------------
Each message is one document. Empty values and blank documents are skipped, as 1.14 does.

Termination: at a producerFinished or shutdownMicroprocess, which is passed on. A value that JSON
cannot express, or text that is not JSON, ends the component with a producerFinished whose message
is the error.
"""

import json
from collections.abc import Iterable
from typing import Any

from Kamaelia.Util.StreamTransformer import StreamTransformer

__all__ = ["JSONDecoder", "JSONEncoder"]


class JSONEncoder(StreamTransformer):
    """A component that sends each value as JSON."""

    Inboxes = {"inbox": "a value", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "str: JSON",
        "error": "errorInformation: JSON cannot express the value",
        "signal": "the shutdown message from control, or producerFinished with an error",
    }

    def transform(self, message: Any) -> Iterable[str]:
        """Return the value as JSON. Raises ValueError if JSON cannot express it."""
        try:
            return (json.dumps(message),) if message else ()
        except (TypeError, RecursionError) as error:
            raise ValueError(f"JSON cannot express this value: {error}") from error


class JSONDecoder(StreamTransformer):
    """A component that sends the value of each JSON text."""

    Inboxes = {"inbox": "str or bytes: JSON", "control": "a shutdown message"}
    Outboxes = {
        "outbox": "a value",
        "error": "errorInformation: the text is not JSON",
        "signal": "the shutdown message from control, or producerFinished with an error",
    }

    def transform(self, message: str | bytes) -> Iterable[Any]:
        """Return the value. Raises ValueError if the text is not JSON."""
        try:
            return (json.loads(message),) if message.strip() else ()
        except RecursionError as error:
            raise ValueError("the JSON text is nested too deeply") from error


__kamaelia_components__ = (JSONEncoder, JSONDecoder)
