import subprocess

import pytest

from Tests.Examples.conftest import PATIENCE, commandOf

TITLES = "XML/titles.py"


def test_the_titles_are_printed(run):
    feed = "<feed><title>One &amp; two</title>\n<entry><title>Three\n four</title></entry></feed>\n"
    done = run(TITLES, input=feed)
    assert (done.stdout, done.stderr, done.returncode) == ("One & two\nThree four\n", "", 0)


def test_another_element_may_be_chosen(run):
    done = run(TITLES, "--element", "name", input="<a><name>x</name><title>y</title></a>")
    assert done.stdout == "x\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "document type declarations are refused"),
        ("<title>x</tilte>", "mismatched tag"),
        ("<title>", "no element found"),
    ],
)
def test_a_malformed_document_is_reported(run, text, reason):
    done = run(TITLES, input=text)
    assert done.stdout == ""
    assert done.stderr.startswith(f"the document is malformed: {reason}")
    assert done.returncode == 0


def test_titles_are_printed_before_the_document_is_complete():
    with subprocess.Popen(
        commandOf(TITLES), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdin.write("<feed><title>One</title>\n")
        process.stdin.flush()
        assert process.stdout.readline() == "One\n"
        process.stdin.write("<title>Two</title></feed>\n")
        process.stdin.close()
        assert process.stdout.read() == "Two\n"
        assert process.wait(PATIENCE) == 0
