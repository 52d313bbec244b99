"""Metrics of a running system for Prometheus."""

import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from Axon.Component import component
from Axon.Scheduler import scheduler
from Axon.ThreadedComponent import threadedcomponent
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Visualisation.SystemGraph import graph
from Kamaelia.Visualisation.SystemMetrics import SystemCollector, SystemMetrics, start

ROOT = Path(__file__).resolve().parents[3]


class Producer(component):
    def main(self):
        for number in range(100):
            self.send(number)
            yield 1


class Lazy(component):
    """Take nothing."""

    def main(self):
        while True:
            yield self.pause(3600)


def samplesIn(text):
    return {
        (each.name, *each.labels.values()): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


def test_a_snapshot_as_metrics():
    Pipeline(Producer(), Lazy(), capacity=5).activate()
    run = scheduler.run.main()
    for _ in range(30):
        next(run)
    registry = CollectorRegistry()
    registry.register(SystemCollector(scheduler.run))
    found = samplesIn(generate_latest(registry).decode())
    name = __name__
    assert found["kamaelia_components", f"{name}.Producer"] == 1
    assert found["kamaelia_components", "Kamaelia.Chassis.Pipeline.Pipeline"] == 1
    assert found["kamaelia_components_held", f"{name}.Producer"] == 1
    assert ("kamaelia_components_held", f"{name}.Lazy") not in found
    assert found["kamaelia_messages_waiting", f"{name}.Lazy", "inbox"] == 5
    assert found["kamaelia_inbox_depth_max", f"{name}.Lazy", "inbox"] == 5
    assert found["kamaelia_inbox_depth_max", f"{name}.Lazy", "control"] == 0
    assert found["kamaelia_turns_total",] == scheduler.run.queue.turns > 8
    run.close()


class Client(threadedcomponent):
    """Ask the server until it has answered `paths`."""

    server: SystemMetrics
    paths = ("/metrics",)

    def main(self):
        while not self.server.ports:
            self.pause(0.01)
        self.answers = [self.ask(path) for path in self.paths]

    def ask(self, path):
        try:
            url = f"http://127.0.0.1:{self.server.ports[0]}{path}"
            with urllib.request.urlopen(url, timeout=20) as response:
                return response.status, response.headers["content-type"], response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, None, error.read().decode()


def test_a_picture_leaves_the_server_out():
    SystemMetrics(port=0).activate()
    drawn = []

    class Drawing(component):
        def main(self):
            for _ in range(5):
                yield 1
            drawn.extend(node.title for node in graph(self.scheduler).nodes)

    Drawing().run()
    assert drawn == ["Drawing"]


def test_they_are_served_and_the_server_neither_counts_itself_nor_holds_the_run():
    server = SystemMetrics(port=0)
    server.activate()
    client = Client(server=server, paths=("/metrics", "/metrics", "/other"))
    client.run()
    (status, kind, text), _, other = client.answers
    assert (status, kind.split(";")[0]) == (200, "text/plain")
    found = samplesIn(text)
    assert found["kamaelia_components", f"{__name__}.Client"] == 1
    assert {key[1] for key in found if key[0] == "kamaelia_components"} == {f"{__name__}.Client"}
    assert other[0] == 404
    assert not scheduler.run.listAllThreads()


PROGRAM = """
import re, sys, urllib.request
from Axon.ThreadedComponent import threadedcomponent

class Asker(threadedcomponent):
    def main(self):
        for _ in range(200):
            try:
                url = f"http://127.0.0.1:{sys.argv[1]}/metrics"
                print(urllib.request.urlopen(url, timeout=20).read().decode())
                return
            except OSError:
                self.pause(0.05)

Asker().run()
"""


def test_a_program_that_is_not_edited_serves_them(freePort):
    port = str(freePort)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, port],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"KAMAELIA_METRICS": port, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r'kamaelia_components\{class="__main__.Asker"\} 1', done.stdout)


def test_a_port_in_use_is_a_warning_and_the_program_runs(monkeypatch, caplog):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("KAMAELIA_METRICS", str(taken.getsockname()[1]))
        Producer().run()
    [record] = caplog.records
    assert record.getMessage().startswith("KAMAELIA_METRICS has no effect: ")
    assert "in use" in record.getMessage()


@pytest.mark.parametrize("value", ["", "x", "host:", "127.0.0.1:99999999"])
def test_a_value_that_is_no_address_is_an_error(value):
    with pytest.raises(ValueError, match="port"):
        start(scheduler.run, value)
