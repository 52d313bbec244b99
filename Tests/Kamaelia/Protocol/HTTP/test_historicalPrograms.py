"""Programs in the form of those that were written for 1.14."""

import os
import subprocess
import sys
from pathlib import Path

from Tests.Kamaelia.Protocol.HTTP.conftest import response
from Tests.Kamaelia.sockets import PATIENCE

ROOT = Path(__file__).resolve().parents[4]

DOWNLOADER = """
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.File.Writing import SimpleFileWriter
from Kamaelia.Protocol.HTTP.HTTPClient import SimpleHTTPClient
from Kamaelia.Util.Console import ConsoleReader

Pipeline(ConsoleReader(">>> ", ""), SimpleHTTPClient(), SimpleFileWriter("downloaded")).run()
"""

HANDLE = """
import queue, sys, time
from Axon.background import background
from Axon.Handle import Handle
from Kamaelia.Protocol.HTTP.HTTPClient import SimpleHTTPClient

background().start()
handle = Handle(SimpleHTTPClient()).activate()
handle.put(sys.argv[1], "inbox")
while True:
    try:
        print(handle.get("outbox"))
        break
    except queue.Empty:
        time.sleep(0.01)
"""


def run(program, *words, text="", cwd=ROOT):
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        input=text,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_urls_from_the_console_are_downloaded_one_after_another(web, tmp_path):
    web.answers["/1"] = response(b"first ")
    web.answers["/2"] = response(b"second")
    run(DOWNLOADER, text=f"{web.url('/1')}\n{web.url('/2')}\n", cwd=tmp_path)
    assert (tmp_path / "downloaded").read_bytes() == b"first second"


def test_a_client_works_behind_a_handle(web):
    web.answers["/"] = response(b"hello")
    assert run(HANDLE, web.url("/")) == "b'hello'\n"
