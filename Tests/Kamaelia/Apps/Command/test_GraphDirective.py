"""The picture of a system in a page of documentation, in a build of Sphinx."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
SYSTEM = '''
from Axon.Component import component
from Kamaelia.Chassis.Pipeline import Pipeline

class First(component):
    """The first."""

class Last(component):
    """The last."""

def system(parts=1):
    return Pipeline(*(First() for _ in range(int(parts))), Last())

if __name__ == "__main__":
    system().run()
'''


@pytest.fixture
def build(tmp_path):
    """Return a function that builds a page and returns its text and the warnings."""
    (tmp_path / "drawn.py").write_text(SYSTEM)
    (tmp_path / "conf.py").write_text(
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]\n"
        'extensions = ["Kamaelia.Apps.Command.GraphDirective"]\n'
    )

    def run(text, builder="html"):
        (tmp_path / "index.rst").write_text(f"Title\n=====\n\n{text}\n")
        done = subprocess.run(
            [sys.executable, "-m", "sphinx", "-q", "-b", builder, ".", "built"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=50,
        )
        assert done.returncode == 0, done.stderr
        [built] = (tmp_path / "built").glob("index.*")
        return built.read_text(), done.stderr

    return run


def test_a_system_is_drawn(build):
    page, warnings = build('.. kamaelia-graph:: drawn:system\n   :alt: Two <parts> & a "chain"\n')
    assert warnings == ""
    assert 'aria-label="Two &lt;parts&gt; &amp; a &quot;chain&quot;"' in page
    assert page.count("First</text>") == page.count("Last</text>") == 1


def test_settings_are_those_of_the_command(build):
    page, warnings = build(".. kamaelia-graph:: drawn:system\n   :set: parts=3\n")
    assert warnings == ""
    assert page.count("First</text>") == 3


def test_a_program_is_drawn_and_not_run(build):
    page, warnings = build(".. kamaelia-graph:: ./drawn.py\n")
    assert warnings == ""
    assert page.count("Last</text>") == 1


def test_other_formats_get_a_flowchart_as_text(build):
    page, warnings = build(".. kamaelia-graph:: drawn:system\n", "text")
    assert warnings == ""
    assert "flowchart LR" in page


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (".. kamaelia-graph:: drawn:sistem", "drawn has no 'sistem'; it has First, Last"),
        (".. kamaelia-graph:: ./none.py", "there is no file"),
        (".. kamaelia-graph:: drawn:system\n   :set: parts", "'parts' is not NAME=VALUE"),
        (".. kamaelia-graph:: drawn:system\n   :set: parts=x", "ValueError"),
    ],
)
def test_what_cannot_be_drawn_is_one_warning(build, text, complaint):
    page, warnings = build(text)
    assert len([line for line in warnings.splitlines() if "WARNING" in line]) == 1
    assert complaint in warnings
    assert "Traceback" not in warnings
    assert "<svg" not in page.partition("<main")[2]
