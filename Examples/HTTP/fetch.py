"""Download a URL to a file.

    python Examples/HTTP/fetch.py https://example.org/ page.html

    CLIENT -> BODY -> FILE
       '-- error --> FAILED

The client sends on the parts of the response as they arrive, so a file may be larger than the
memory: `capacity` holds the client while the file is slower than the network.
"""

import argparse
import sys
from typing import Any

from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.File.Writing import SimpleFileWriter
from Kamaelia.Protocol.HTTP.HTTPClient import (
    ParsedHTTPBodyChunk,
    ParsedHTTPHeader,
    ParsedHTTPRedirect,
    SingleShotHTTPClient,
)
from Kamaelia.Util.PureTransformer import PureTransformer


def bodyOf(message: Any) -> bytes | None:
    """Return the part of the body in a message of the client; print the others."""
    if isinstance(message, ParsedHTTPBodyChunk):
        return message.bodychunk
    if isinstance(message, ParsedHTTPRedirect):
        print(f"redirected to {message.redirectto}")
    elif isinstance(message, ParsedHTTPHeader):
        print(f"{message.header['responsecode']} {message.header['reason']}")
    return None


def fetch(url: str, filename: str, timeout: float) -> list[Any]:
    """Download `url`. Return the failures: none, or one errorInformation."""
    failures: list[Any] = []
    Graphline(
        CLIENT=SingleShotHTTPClient(url, timeout=timeout),
        BODY=PureTransformer(bodyOf),
        FILE=SimpleFileWriter(filename),
        FAILED=PureTransformer(failures.append),
        linkages={
            ("CLIENT", "outbox"): ("BODY", "inbox"),
            ("BODY", "outbox"): ("FILE", "inbox"),
            ("CLIENT", "error"): ("FAILED", "inbox"),
            # The components end in this order.
            ("CLIENT", "signal"): ("BODY", "control"),
            ("BODY", "signal"): ("FILE", "control"),
            ("FILE", "signal"): ("FAILED", "control"),
        },
        capacity=16,
    ).run()
    return failures


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("url", help="of http or https")
    options.add_argument("file", help="where the body is written")
    options.add_argument(
        "--timeout", type=float, default=60, help="seconds of silence (%(default)s)"
    )
    chosen = options.parse_args()
    for failure in fetch(chosen.url, chosen.file, chosen.timeout):
        sys.exit(f"{failure.message}: {failure.exception}")


if __name__ == "__main__":
    main()
