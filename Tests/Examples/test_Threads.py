import hashlib
import random


def test_the_checksums_are_correct_and_a_missing_file_is_reported(run, tmp_path):
    expected = []
    for number in range(10):
        file = tmp_path / f"file{number}"
        file.write_bytes(random.Random(number).randbytes(100_000 * number))
        expected.append(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file}")
    missing = tmp_path / "missing"
    files = [line.split("  ")[1] for line in expected]
    done = run("Threads/checksums.py", *files, missing, "--threads", 3)
    assert done.returncode == 0
    assert sorted(done.stdout.splitlines()) == sorted(expected)
    assert done.stderr == f"{missing}: No such file or directory\n"
