"""Records of ended links: they remain when their process is killed, and only then."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from Kamaelia.Net.EndRecords import EndRecord

ROOT = Path(__file__).parents[3]
END = ("finished", 12)

KEEPS = """
    import os, signal, sys
    from Kamaelia.Net.EndRecords import EndRecord
    for position in range(1, 13):
        record = EndRecord("127.0.0.1:1", "lines")
        assert record.found() is None  # what this process has stored is not that of one before it
        record.keep("finished", position)
        record.close()
"""


def runs(ending):
    """Run a process that keeps an end and ends so; return what the next one finds."""
    code = textwrap.dedent(KEEPS) + ending
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=False)
    return found()


def found(address="127.0.0.1:1", name="lines"):
    record = EndRecord(address, name)
    try:
        return record.found()
    finally:
        record.close()


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", END),
        ("os._exit(0)", END),
        ("", None),
        ("sys.exit(3)", None),
        ("raise ValueError", None),
    ],
)
def test_the_end_is_found_if_the_process_was_killed(ending, expected):
    assert runs(ending) == expected


def test_a_process_that_is_killed_while_it_exits_has_not_ended_in_order():
    late = "import atexit; atexit.register(os.kill, os.getpid(), signal.SIGKILL)"
    assert runs(late) == END


def test_the_end_belongs_to_one_link():
    assert runs("os._exit(0)") == END
    assert found(name="words") is None
    assert found(address="127.0.0.1:2") is None


def test_the_end_is_not_found_while_its_process_lives():
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KEEPS) + "print('kept', flush=True)\ninput()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    with process:
        assert process.stdout.readline() == b"kept\n"
        assert found() is None
        process.kill()
    assert found() == END


def test_a_new_writer_removes_the_end():
    assert runs("os._exit(0)") == END
    record = EndRecord("127.0.0.1:1", "lines")
    record.forget()
    record.close()
    assert found() is None


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b'{"kind": 1, "position": []}', b"\xff"])
def test_a_damaged_record_is_no_end(runtimeFolder, content):
    assert runs("os._exit(0)") == END
    next((runtimeFolder / "kamaelia").iterdir()).write_bytes(content)
    assert found() is None


@pytest.mark.parametrize("obstacle", ["file", "link", "open to all"])
def test_a_folder_that_others_may_change_is_not_used(runtimeFolder, obstacle):
    folder = runtimeFolder / "kamaelia"
    if obstacle == "file":
        folder.write_bytes(b"")
    elif obstacle == "link":
        other = runtimeFolder / "other"
        other.mkdir(mode=0o700)
        folder.symlink_to(other)
    else:
        folder.mkdir()
        folder.chmod(0o777)
    assert runs("os._exit(0)") is None


def test_without_a_runtime_folder_it_is_beside_other_temporary_files(runtimeFolder, monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setenv("TMPDIR", str(runtimeFolder))
    runs("os._exit(0)")
    folder = runtimeFolder / f"kamaelia-{os.getuid()}"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(list(folder.iterdir())) == 1


def test_a_process_keeps_a_few_records_and_no_descriptor_of_the_others():
    code = """
        import os
        from Kamaelia.Net.EndRecords import MOST, EndRecord
        before = len(os.listdir("/proc/self/fd"))
        for number in range(50):
            record = EndRecord(f"127.0.0.1:{number + 1}", "lines")
            record.keep("finished", 12)
            record.close()
        assert len(os.listdir("/proc/self/fd")) - before == MOST
        os._exit(0)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, timeout=60, check=True)
    assert found("127.0.0.1:50") == END
    assert found("127.0.0.1:1") is None
