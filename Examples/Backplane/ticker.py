"""Publish and subscribe: one publisher, and subscribers that know only a name.

    python Examples/Backplane/ticker.py --prices 5
    python Examples/Backplane/ticker.py --prices 3 7.5 12 11 9

Components of different pipelines meet at a Backplane. A publisher does not know its subscribers,
which come and go while it runs. Examples/Chat/server.py has a subscriber for each client.

When the publisher has sent its last price, its end passes to the Backplane, and from there to all
subscribers. So the whole program ends.
"""

import argparse

from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Flow.Scan import Scan
from Kamaelia.Util.Backplane import Backplane, PublishTo, SubscribeTo
from Kamaelia.Util.Console import ConsoleEchoer
from Kamaelia.Util.DataSource import DataSource
from Kamaelia.Util.PureTransformer import PureTransformer


def show(text: str) -> Pipeline:
    """Return a pipeline that prints each number in a line of text."""
    return Pipeline(PureTransformer(lambda number: f"{text} {number:g}\n"), ConsoleEchoer())


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument(
        "--prices", type=float, nargs="+", default=[5, 7.5, 12, 11, 9], help="the prices"
    )
    options.add_argument(
        "--limit", type=float, default=10, help="what counts as cheap (%(default)s)"
    )
    chosen = options.parse_args()

    backplane = Backplane("prices").activate()
    # a PureTransformer sends nothing where the function returns None
    cheap = PureTransformer(lambda price: price if price < chosen.limit else None)
    Pipeline(SubscribeTo("prices"), cheap, show("cheap:")).activate()
    Pipeline(SubscribeTo("prices"), Scan(max), show("highest so far:")).activate()
    publisher = Pipeline(DataSource(chosen.prices), PublishTo("prices"))
    publisher.link((publisher, "signal"), (backplane, "control"))
    publisher.run()


if __name__ == "__main__":
    main()
