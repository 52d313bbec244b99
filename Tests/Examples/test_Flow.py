import random
import re

import pytest


def lastReading(seed, readings):
    chance, temperature = random.Random(seed), 20.0
    for _ in range(readings):
        temperature += chance.uniform(-1, 1)
        chance.uniform(0, 1)
    return temperature


@pytest.mark.parametrize("sensors", [1, 4])
def test_the_last_line_shows_the_last_reading_of_each_sensor(run, sensors):
    done = run("Flow/sensors.py", "--sensors", sensors, "--readings", 20)
    assert (done.stderr, done.returncode) == ("", 0)
    last = done.stdout.splitlines()[-1]
    single = [f"{lastReading(seed, 20):.1f}" for seed in range(sensors)]
    assert re.search(r"\((.*)\)", last)[1].split(", ") == single
