import re


def numbered(output):
    return re.findall(r"^(\d+): (\w+)$", output, re.MULTILINE)


def test_without_losses_every_message_arrives(run):
    done = run("Framing/messages.py", "--loss", 0, "--piece", 3)
    assert (done.stderr, done.returncode) == ("", 0)
    assert [int(number) for number, _ in numbered(done.stdout)] == list(range(14))
    assert done.stdout.endswith("0 errors\n")


def test_lost_pieces_cost_their_messages_and_leave_the_others_unchanged(run):
    whole = dict(numbered(run("Framing/messages.py", "--loss", 0).stdout))
    done = run("Framing/messages.py", "--loss", 0.2, "--seed", 1)
    found = dict(numbered(done.stdout))
    assert 0 < len(found) < len(whole)
    assert found.items() <= whole.items()
    assert done.returncode == 0
    assert "discarded: " in done.stdout
