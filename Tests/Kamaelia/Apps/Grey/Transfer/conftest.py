"""The import of another greylist into a store of our own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from Kamaelia.Apps.Grey.Service.Command import main
from Kamaelia.Apps.Grey.Stores import openStore
from Kamaelia.Support.Greylist.Rules import Record, Regular, Triple

Imported = tuple[str, dict[Triple, Record], dict[str, Regular]]


@pytest.fixture
def imported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[str, Path, str], Imported]:
    """imported(source, path, configuration) -> what is printed, the triples and the clients.

    source: the option that names `path`. configuration: has {store} for the URL of the store.
    """

    def run(source: str, path: Path, configuration: str) -> Imported:
        file, url = tmp_path / "grey.toml", f"sqlite:{tmp_path / 'grey.db'}"
        file.write_text(configuration.format(store=url))
        assert main(["import", source, str(path), "-c", str(file)]) == 0
        said = capsys.readouterr().out
        store = openStore(url)
        known, regulars = dict(store.known()), dict(store.regulars())
        store.close()
        return said, known, regulars

    return run
