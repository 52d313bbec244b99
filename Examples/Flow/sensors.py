"""Operators on streams: the average of several sensors, at most ten times a second.

    python Examples/Flow/sensors.py --sensors 3 --readings 50

CombineLatest sends the latest readings of all sensors whenever one of them sends. Throttle discards
most of these, but never the last one, so that the screen ends with the final state. A Debounce in
its place would show nothing before the sensors are silent.
"""

import argparse
import random
from collections.abc import Iterator
from statistics import mean

from Axon.Component import component
from Axon.Ipc import producerFinished
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Flow.Join import CombineLatest
from Kamaelia.Flow.Throttle import Throttle
from Kamaelia.Util.Console import ConsoleEchoer
from Kamaelia.Util.PureTransformer import PureTransformer


class Sensor(component):
    """A source of temperatures that change at random, at random times."""

    seed, readings = 0, 50

    def main(self) -> Iterator[int]:
        chance, temperature = random.Random(self.seed), 20.0
        for _ in range(self.readings):
            temperature += chance.uniform(-1, 1)
            self.send(temperature)
            yield from self.waitForChange(chance.uniform(0, 0.01))
        self.send(producerFinished(self), "signal")


def text(temperatures: tuple[float, ...]) -> str:
    """Return a line with the average and the single temperatures."""
    single = ", ".join(f"{each:.1f}" for each in temperatures)
    return f"{mean(temperatures):.1f} degrees on average ({single})\n"


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--sensors", type=int, default=3, help="sensors (%(default)s)")
    options.add_argument(
        "--readings", type=int, default=50, help="readings of each sensor (%(default)s)"
    )
    chosen = options.parse_args()
    sensors = [Sensor(seed=seed, readings=chosen.readings) for seed in range(chosen.sensors)]
    Pipeline(CombineLatest(*sensors), Throttle(0.1), PureTransformer(text), ConsoleEchoer()).run()


if __name__ == "__main__":
    main()
