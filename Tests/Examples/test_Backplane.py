def test_each_subscriber_receives_each_price_and_the_end(run):
    done = run("Backplane/ticker.py", "--prices", 3, 7.5, 12, 11, 9, "--limit", 10)
    assert (done.stderr, done.returncode) == ("", 0)
    lines = done.stdout.splitlines()
    cheap = [line for line in lines if line.startswith("cheap")]
    assert cheap == ["cheap: 3", "cheap: 7.5", "cheap: 9"]
    highest = [line for line in lines if line.startswith("highest")]
    assert highest == [f"highest so far: {each}" for each in ("3", "7.5", "12", "12", "12")]
    assert len(lines) == 8
