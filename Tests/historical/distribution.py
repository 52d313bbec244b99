"""The historical distribution, Kamaelia 1.14.32, as its authors published it.

    make historical       # download it to .historical/

The tests read it and never change it, and no part of it is copied into this repository. Its package
`Kamaelia` contains the components; the core of that time, Axon, is not part of it. So its
components run on our Axon, unchanged.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "1.14.32"
ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".historical"

#: Names the directory of a distribution that is unpacked elsewhere.
VARIABLE = "KAMAELIA_HISTORICAL"


def find() -> Path | None:
    """Return the directory of the distribution, or None if it is not there."""
    found = Path(os.environ.get(VARIABLE) or FOLDER / f"kamaelia-{VERSION}")
    return found if (found / "Kamaelia" / "__init__.py").is_file() else None


def download() -> Path:
    """Download the distribution with pip, unless it is there; return its directory."""
    found = find()
    if found is not None:
        return found
    with tempfile.TemporaryDirectory() as folder:
        options = ["--quiet", "--no-deps", "--no-binary", "kamaelia", "--dest", folder]
        pip = [sys.executable, "-m", "pip", "download", *options, f"kamaelia=={VERSION}"]
        subprocess.run(pip, check=True)
        [archive] = Path(folder).glob("*.tar.gz")
        with tarfile.open(archive) as tar:
            tar.extractall(FOLDER, filter="data")
    found = find()
    assert found is not None
    return found


if __name__ == "__main__":
    print(download())
