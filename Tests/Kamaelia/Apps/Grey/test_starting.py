"""What happens to a kamaelia-grey that is signalled while it starts."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from Tests.Kamaelia.Apps.Grey.programs import PATIENCE, ROOT, Program, python
from Tests.Kamaelia.Apps.Grey.wire import nowhere

FILE = """\
[listen]
addresses = ["127.0.0.1:0"]
workers = {workers}
[server]
addresses = ["127.0.0.1:{far}"]
[forward]
allowed_domains = ["example.org"]
[greylist]
large_senders = false
[store]
url = "sqlite:{folder}/grey.db"
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_a_hangup_during_the_start_does_not_end_it_and_causes_a_reload(
    run: Callable[..., Program], tmp_path: Path, workers: int
) -> None:
    file = tmp_path / "grey.toml"
    text = FILE.format(workers=workers, far=nowhere(), folder=tmp_path)
    os.mkfifo(file)
    program = run(*python("-m", "Kamaelia.Apps.Grey", "run", "-c", file))
    with file.open("w") as asked:  # it has come to its configuration, and is about to read it
        program.send_signal(signal.SIGHUP)
        (tmp_path / "new").write_text(text)
        (tmp_path / "new").replace(file)
        asked.write(text)
    assert "reloaded" in program.readUntil("reloaded")


def test_a_hangup_before_there_is_anything_to_read_does_not_end_it(tmp_path: Path) -> None:
    program = f"""
import os, signal, sys
sys.argv[1:] = ["run", "-c", {str(tmp_path / "nothing")!r}]
sys.meta_path.insert(0, type("Finder", (), {{"find_spec": lambda name, *_:
    os.kill(os.getpid(), signal.SIGHUP) if name.endswith("Command") else None}}))
import Kamaelia.Apps.Grey.__main__ as begin
sys.exit(begin.main())
"""
    done = subprocess.run(
        python("-c", program), cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, "cannot be read" in done.stderr) == (1, True), done
