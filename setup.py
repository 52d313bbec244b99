"""The optional extensions. All other settings are in pyproject.toml."""

import os
import sys

from setuptools import Extension, setup

# Without a C compiler the installation continues, and the Python modules are used instead.
SOURCES = {
    "Axon._core": "Axon/_core.pyx",
    "Kamaelia.Support.Protocol.WebSocket._masks": "Kamaelia/Support/Protocol/WebSocket/_masks.pyx",
}
# Functions of the interpreter are called without a detour through the table of linkages.
ARGUMENTS = ["-O3", "-fno-plt", "-fno-semantic-interposition"] if sys.platform == "linux" else []
extensions = [
    Extension(name, [source], extra_compile_args=ARGUMENTS, optional=True)
    for name, source in SOURCES.items()
]

# With AXON_PURE=1 a wheel has no extensions, and is for every machine: py3-none-any.
setup(ext_modules=[] if os.environ.get("AXON_PURE") else extensions)
