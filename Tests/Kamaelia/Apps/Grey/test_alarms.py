"""The alert rules and the dashboard: promtool reads them, and each alert fires when it should."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from Kamaelia.Apps.Grey.Service.Metrics import COUNTERS, Counters
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE, ROOT

RULES = ROOT / "Packaging" / "prometheus-kamaelia-grey.rules.yml"
DASHBOARD = json.loads((ROOT / "Packaging" / "grafana-kamaelia-grey.json").read_text())
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
QUERIES: list[str] = [target["expr"] for panel in PANELS for target in panel["targets"]]

SESSIONS = 'kamaelia_grey_sessions_total{instance="a", job="kamaelia-grey"}'
ACCEPTED = 'kamaelia_grey_mails_total{instance="a", job="kamaelia-grey", status="accepted"}'


def refusals(reason: str, stage: str = "DATA") -> str:
    labels = f'instance="a", job="kamaelia-grey", reason="{reason}", stage="{stage}"'
    return f"kamaelia_grey_refusals_total{{{labels}}}"


#: Series, minutes, and the alerts that fire then.
TIMES = [
    ({'up{instance="a", job="kamaelia-grey"}': "0x10"}, 5, ["GreyIsDown"]),
    ({'up{instance="a", job="kamaelia-grey"}': "1x10"}, 5, []),
    ({'up{instance="a", job="other"}': "0x10"}, 5, []),
    ({'kamaelia_grey_store_up{instance="a"}': "1 0x10"}, 5, ["GreyStoreFails"]),
    ({'kamaelia_grey_store_up{instance="a"}': "1x10"}, 5, []),
    ({refusals("real server not reached"): "1+5x30"}, 20, ["GreyRealServerNotReached"]),
    ({refusals("real server not reached"): "7x30"}, 20, []),
    ({refusals("local error"): "_ _ 1x60"}, 5, ["GreyLocalErrors"]),  # the first one ever
    ({refusals("local error"): "3x30 4x5"}, 33, ["GreyLocalErrors"]),
    ({refusals("local error"): "3x60"}, 50, []),
    ({refusals("limit", "CONNECT"): "0+120x60"}, 30, ["GreyRefusesForLimits"]),
    ({refusals("limit", "CONNECT"): "0+1x60"}, 30, []),
    ({SESSIONS: "0+1x300"}, 200, ["GreyAcceptsNothing"]),  # a counter that does not exist yet
    ({SESSIONS: "0+1x300", ACCEPTED: "7x300"}, 200, ["GreyAcceptsNothing"]),
    ({SESSIONS: "0+1x300", ACCEPTED: "0+1x300"}, 200, []),
    ({SESSIONS: "7x300"}, 200, []),
]
ALERTS = re.findall(r"- alert: (\w+)", RULES.read_text())


@pytest.fixture
def promtool(needs: Callable[[str], str]) -> Callable[..., None]:
    """promtool(*words) fails with what it says, if it does."""

    def run(*words: Any) -> None:
        command = [needs("promtool"), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


@pytest.mark.needs("promtool")
def test_the_rules_are_valid(promtool: Callable[..., None]) -> None:
    promtool("check", "rules", RULES)


@pytest.mark.needs("promtool")
@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_fires_when_it_should_and_not_otherwise(
    promtool: Callable[..., None], tmp_path: Path, alert: str
) -> None:
    tests = []
    for series, minutes, firing in TIMES:
        names = "".join(series)
        inputs = [{"series": name, "values": values} for name, values in series.items()]
        labels = expectedLabels(alert, names)
        expected = [{"exp_labels": labels}] if alert in firing else []
        check = {"eval_time": f"{minutes}m", "alertname": alert, "exp_alerts": expected}
        tests.append({"interval": "1m", "input_series": inputs, "alert_rule_test": [check]})
    rules = tmp_path / "rules.yml"
    # the summaries are for people
    rules.write_text(re.sub(r"\n +annotations:\n +summary: .*", "", RULES.read_text()))
    file = tmp_path / "test.json"  # YAML contains JSON
    file.write_text(json.dumps({"rule_files": [str(rules)], "tests": tests}))
    assert sum(alert in firing for _, _, firing in TIMES) >= 1
    promtool("test", "rules", file)


def expectedLabels(alert: str, series: str) -> dict[str, str]:
    """The labels of an alert: those of its series, or the instance if it is summed."""
    severe = {"GreyIsDown", "GreyStoreFails", "GreyRealServerNotReached"}
    labels = {"severity": "critical" if alert in severe else "warning", "instance": "a"}
    if alert in {"GreyIsDown", "GreyLocalErrors"}:
        labels["job"] = "kamaelia-grey"
    if alert == "GreyLocalErrors":
        labels |= {"reason": "local error", "stage": "DATA"}
    return labels


@pytest.mark.needs("promtool")
def test_the_queries_of_the_dashboard_are_valid(
    promtool: Callable[..., None], tmp_path: Path
) -> None:
    rules = [{"record": f"panel:{n}", "expr": query} for n, query in enumerate(QUERIES)]
    file = tmp_path / "queries.json"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", file)


def test_both_name_metrics_and_labels_that_are_exported() -> None:
    counters = {"/".join([word, *labels]): 1 for word, (_, _, labels) in COUNTERS.items()}
    registry = CollectorRegistry()
    registry.register(Counters(counters))
    exported = generate_latest(registry).decode()
    for text in [RULES.read_text(), *QUERIES]:
        for name in re.findall(r"kamaelia_grey_\w+", text):
            assert re.search(rf"^{name}\b", exported, re.MULTILINE), name
    labels = {"instance", *(label for _, _, labels in COUNTERS.values() for label in labels)}
    for group in re.findall(r"by \((\w+)\)", RULES.read_text() + " ".join(QUERIES)):
        assert group in labels


def test_the_dashboard_shows_every_metric_in_panels_that_do_not_overlap() -> None:
    shown = set(re.findall(r"kamaelia_grey_\w+", " ".join(QUERIES)))
    assert shown == {f"{name}_total" for name, *_ in COUNTERS.values()} | {"kamaelia_grey_store_up"}
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in PANELS)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    assert all(panel["datasource"]["uid"] == "${datasource}" for panel in PANELS)
