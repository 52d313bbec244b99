def test_a_Graphline_leads_numbers_and_words_different_ways(run):
    done = run("Chassis/graphline.py", "1", "two", "3.5", "four")
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.splitlines() == [
        "a word: two",
        "a word: four",
        "the sum of the numbers: 4.5",
    ]


def test_a_Carousel_runs_one_component_after_another(run):
    done = run("Chassis/carousel.py", 3, 1, 2)
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.splitlines() == [
        "3... 2... 1... lift-off",
        "1... lift-off",
        "2... 1... lift-off",
    ]


def test_a_Seq_waits_for_the_end_of_each_and_a_PAR_does_not(run):
    done = run("Chassis/sequence.py", "--steps", 2)
    assert (done.stderr, done.returncode) == ("", 0)
    lines = done.stdout.splitlines()
    assert lines[:2] == ["Anna: step 1", "Anna: step 2"]
    assert sorted(lines[2:4]) == ["Ben: step 1", "Cleo: step 1"]
    assert sorted(lines[4:6]) == ["Ben: step 2", "Cleo: step 2"]
    assert lines[6:] == ["Dora: step 1", "Dora: step 2"]
