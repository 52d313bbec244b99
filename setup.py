"""The compiled core, an optional extension. All other settings are in pyproject.toml."""

import os

from setuptools import Extension, setup

# Without a C compiler the installation continues, and Axon uses its Python modules instead.
core = Extension("Axon._core", ["Axon/_core.pyx"], optional=True)

# With AXON_PURE=1 a wheel has no extension, and is for every machine: py3-none-any.
setup(ext_modules=[] if os.environ.get("AXON_PURE") else [core])
