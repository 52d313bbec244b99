"""The configuration of Sphinx, whose functions are tested."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def conf():
    """The configuration of Sphinx, as a module."""
    spec = importlib.util.spec_from_file_location("conf", ROOT / "Docs" / "conf.py")
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AXON_PURE", "1")  # as conf.py sets it
        spec.loader.exec_module(module)
    return module
