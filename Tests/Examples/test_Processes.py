def test_the_most_frequent_words_are_printed(run, tmp_path):
    text = tmp_path / "text"
    text.write_text("The cat, the dog;\nthe END and\n\nthe cat", encoding="utf-8")
    done = run("Processes/words.py", "--most", 2, text)
    assert [line.split() for line in done.stdout.splitlines()] == [["4", "the"], ["2", "cat"]]
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_text_is_reported(run, tmp_path):
    done = run("Processes/words.py", tmp_path / "missing")
    assert "No such file or directory" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_command_that_fails_is_an_error(run, tmp_path):
    text = tmp_path / "text"
    text.write_text("a")
    done = run("Processes/words.py", "--most", -1, text, env={"PATH": str(tmp_path)})
    assert done.returncode == 1
    assert "exit status 127" in done.stderr
