def test_a_handle_answers_each_question_and_ends(run):
    done = run("Handles/ask.py", "one two three", "four")
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.splitlines() == [
        "'one two three' has 3 words",
        "'four' has 1 words",
        "the pipeline has ended",
    ]
