"""Programs in a notebook, executed by a real kernel."""

import nbclient
import nbformat
import pytest

# zmq and the event loop of the client warn about things that are not ours
pytestmark = pytest.mark.filterwarnings("default")

COMPONENTS = """
from Axon.Component import component
from Axon.Scheduler import scheduler
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Util.DataSource import DataSource
from Kamaelia.Visualisation.SystemGraph import graph

class Show(component):
    def main(self):
        while not self.dataReady("control"):
            yield from self.waitForMessage()
            for message in self.Inbox():
                print(message)
"""
RUN = "Pipeline(DataSource(['one']), Show()).run()"
ACTIVE = "print(len(scheduler.run.listAllThreads()))"
GRAPH = "graph(Pipeline(DataSource(['one']), Show()))"


@pytest.fixture(scope="module")
def executed():
    """Return the outputs of each cell of a notebook."""
    cells = [COMPONENTS, RUN, ACTIVE, None, ACTIVE, GRAPH]
    notebook = nbformat.v4.new_notebook()
    client = nbclient.NotebookClient(notebook, timeout=50, allow_errors=True)
    with client.setup_kernel():
        for number, source in enumerate(cells):
            cell = nbformat.v4.new_code_cell(source or afterError(notebook.cells[1].outputs))
            notebook.cells.append(cell)
            client.execute_cell(cell, number)
    return [cell.outputs for cell in notebook.cells]


def afterError(outputs):
    """Return the cell that the error message tells the user to write."""
    [error] = outputs
    words = error.evalue.partition("write ")[2]
    activation, _, rest = words.partition(", and then: ")
    program = RUN.removesuffix(".run()")
    return "\n".join([f"system = {program}", activation, *rest.split("; ")])


def test_run_says_what_to_write(executed):
    [error] = executed[1]
    assert (error.output_type, error.ename) == ("error", "RuntimeError")
    assert "as in a notebook" in error.evalue


def test_run_leaves_nothing_activated(executed):
    [printed] = executed[2]
    assert printed.text == "0\n"


def test_what_it_says_works(executed):
    [printed] = executed[3]
    assert printed.text == "one\n"
    [left] = executed[4]
    assert left.text == "0\n"


def test_a_graph_is_displayed_as_a_picture(executed):
    [result] = executed[5]
    assert result.output_type == "execute_result"
    assert result.data["image/svg+xml"].lstrip().startswith("<svg")
    assert result.data["text/plain"] == "<SystemGraph of Pipeline>"
