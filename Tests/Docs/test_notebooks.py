"""The page about notebooks: its cells, executed by a real kernel, give what it shows."""

import re
import textwrap

import nbclient
import nbformat
import pytest

from Tests.Docs.test_snippets import ROOT

# zmq and the event loop of the client warn about things that are not ours
pytestmark = pytest.mark.filterwarnings("default")

PAGE = (ROOT / "Docs/notebooks.rst").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"^\.\. code-block:: \w+\n[ ]+:class: (cell|result)\n\n((?:[ ]+.*\n|\n)+)", re.MULTILINE
)
BLOCKS = [(mark, textwrap.dedent(body).strip()) for mark, body in BLOCK.findall(PAGE)]
CELLS = [
    (body, BLOCKS[at + 1][1] if BLOCKS[at + 1 :] and BLOCKS[at + 1][0] == "result" else "")
    for at, (mark, body) in enumerate(BLOCKS)
    if mark == "cell"
]


def textOf(outputs):
    """Return what a cell prints and its value, as text."""
    return "".join(
        each.text if each.output_type == "stream" else each.data["text/plain"] for each in outputs
    ).strip()


@pytest.fixture(scope="module")
def results():
    """Return the text that each cell of the page gives."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source, _ in CELLS]
    )
    nbclient.NotebookClient(notebook, timeout=50).execute()
    return [textOf(cell.outputs) for cell in notebook.cells]


@pytest.mark.parametrize("number", range(len(CELLS)))
def test_a_cell_gives_what_the_page_shows(number, results):
    assert results[number] == CELLS[number][1]
