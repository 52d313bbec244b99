EXAMPLE = "Supervisor/thermometer.py"


def test_a_failed_component_is_replaced_and_unread_messages_are_kept(run):
    done = run(EXAMPLE, "20", "21", "warm", "22", "cold", "17")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "20 degrees, 20 on average",
        "21 degrees, 20.5 on average",
        "22 degrees, 21 on average",
        "17 degrees, 20 on average",
    ]
    assert done.stderr.count("ValueError") == 2
    assert "could not convert string to float: 'warm'" in done.stderr


def test_a_fourth_failure_in_five_seconds_ends_the_program(run):
    done = run(EXAMPLE, *["warm"] * 4, "20")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "tooManyRestarts" in done.stderr
