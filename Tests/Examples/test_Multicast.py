import re

import pytest


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_lost_is_named_and_the_rest_is_in_order(run, freePort, seed):
    done = run("Multicast/lossy.py", "--port", freePort, "--seed", seed, "--loss", 0.2)
    assert (done.stderr, done.returncode) == ("", 0)
    found = re.fullmatch(r"100 sent, (\d+) received\nin order: yes\nlost: ([\d, ]+)\n", done.stdout)
    assert int(found[1]) + len(found[2].split(", ")) == 100


def test_without_losses_everything_arrives(run, freePort):
    done = run("Multicast/lossy.py", "--port", freePort, "--loss", 0, "--count", 10)
    assert "10 sent, 10 received" in done.stdout
    assert done.stdout.endswith("lost: none\n")
