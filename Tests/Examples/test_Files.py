def test_the_lines_with_the_text_are_printed_in_the_order_of_the_files(run, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("a cat\na dog\n" * 2, encoding="utf-8")
    two.write_text("no end, cat", encoding="utf-8")
    done = run("Files/search.py", "cat", one, two)
    assert done.stdout == f"{one}: a cat\n" * 2 + f"{two}: no end, cat\n"
    assert (done.returncode, done.stderr) == (0, "")


def test_a_file_that_cannot_be_read_is_reported_and_the_next_one_follows(run, tmp_path):
    good = tmp_path / "good"
    good.write_bytes(b"cat \xff\n")
    done = run("Files/search.py", "cat", tmp_path / "missing", tmp_path, good, encoding="utf-8")
    assert done.stdout == f"{good}: cat \N{REPLACEMENT CHARACTER}\n"
    assert "No such file or directory" in done.stderr
    assert "Is a directory" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_large_file_needs_little_memory(run, tmp_path):
    large = tmp_path / "large"
    large.write_text("some line that is not interesting\n" * 200_000 + "the cat\n")
    assert run("Files/search.py", "cat", large).stdout == f"{large}: the cat\n"
