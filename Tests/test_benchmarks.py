"""The programs of the benchmarks complete their work; their speed is not tested here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CONTENDERS = ROOT / "Tests" / "benchmarks" / "contenders"

COMMON = {
    "pipe1": ["200"],
    "pipeB": ["1000"],
    "pingpong": ["20"],
    "ring": ["2000"],
    "spawn": ["500"],
    "fanout": ["10"],
    "busy": ["1000", "100"],
    "idle": ["100"],
    "wake": ["20", "100"],
}
NEW_IDIOMS = {
    "pipe1_wait": ["200"],
    "pipeB_wait": ["1000"],
    "pingpong_wait": ["20"],
    "ring_wait": ["2000"],
    "pipe_async": ["200"],
    "pipeB_async": ["1000"],
}
RUNS = [
    *(("raw_gen.py", name, sizes) for name, sizes in COMMON.items()),
    *(("asyncio_q.py", name, sizes) for name, sizes in COMMON.items()),
    *(("axon_api.py", name, sizes) for name, sizes in (COMMON | NEW_IDIOMS).items()),
    pytest.param(
        "axon_api.py",
        "fanoutbp",
        ["10"],
        marks=pytest.mark.skipif(
            not (ROOT / "Kamaelia" / "Util" / "Backplane.py").exists(), reason="has no Backplane"
        ),
    ),
]


@pytest.mark.parametrize(("contender", "workload", "sizes"), RUNS)
def test_a_contender_completes_its_work(contender, workload, sizes):
    done = subprocess.run(
        [sys.executable, str(CONTENDERS / contender), workload, *sizes],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.stdout, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["ops"] > 0
    assert answer["secs"] >= 0


def test_the_mail_benchmark_measures_the_proxy_in_both_relay_modes(needs, tmp_path):
    needs("smtp-source")
    program = ROOT / "Tests" / "benchmarks" / "run_smtp.py"
    words = ["-t", "1KiB", "-c", "axon,alone", "--reps", "1", "--secs", "0.01", "--results"]
    words.append(str(tmp_path / "smtp.json"))
    done = subprocess.run(
        [sys.executable, str(program), *words], capture_output=True, text=True, timeout=60
    )
    rows = [line for line in done.stdout.splitlines() if "us CPU each" in line]
    assert len(rows) == 3, done.stdout + done.stderr


def test_the_benchmark_of_files_measures_all_contenders(tmp_path):
    program = ROOT / "Tests" / "benchmarks" / "files.py"
    words = ["--size", "1", "--reps", "1", "--folder", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, str(program), *words], capture_output=True, text=True, timeout=60
    )
    assert len(done.stdout.splitlines()) == 6, done.stderr
    assert "components" in done.stdout


def test_the_benchmark_of_WebSockets_measures_all_contenders():
    program = ROOT / "Tests" / "benchmarks" / "run_websocket.py"
    words = ["-s", "32", "--reps", "1", "--seconds", "0.05", "--clients", "2"]
    done = subprocess.run(
        [sys.executable, str(program), *words], capture_output=True, text=True, timeout=60
    )
    rows = [line for line in done.stdout.splitlines() if line.startswith(("| k", "| w", "| a"))]
    assert len(rows) == 4, done.stdout + done.stderr


@pytest.mark.timeout(120)
def test_the_benchmark_of_the_live_page_measures_all_parts(needs):
    needs("chromium")
    program = ROOT / "Tests" / "benchmarks" / "run_live.py"
    words = ["--reps", "3", "--seconds", "0.1", "--minutes", "0", "--counts", "30", "--size", "30"]
    done = subprocess.run(
        [sys.executable, str(program), *words], capture_output=True, text=True, timeout=100
    )
    rows = [line for line in done.stdout.splitlines() if line.endswith(("| yes |", "| NO |"))]
    assert len(rows) == 8, done.stdout + done.stderr


def test_the_comparison_of_the_cores_prints_a_share_for_each_contender():
    words = ["-w", "spawn", "-r", "1", "-s", "0.1"]
    done = subprocess.run(
        [sys.executable, str(CONTENDERS.parent / "run_cores.py"), *words],
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    heading, line = done.stdout.splitlines()
    assert heading.split() == ["asyncio", "compiled", "pure", "compiled,", "wait", "pure,", "wait"]
    workload, *shares = line.split()
    assert workload == "spawn"
    assert len(shares[::2]) == 3
    assert all(float(share) > 0 for share in shares[::2])
