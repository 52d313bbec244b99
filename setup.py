"""The optional extensions. All other settings are in pyproject.toml."""

import os

from setuptools import Extension, setup

# Without a C compiler the installation continues, and the Python modules are used instead.
SOURCES = {
    "Axon._core": "Axon/_core.pyx",
    "Kamaelia.Support.Protocol.WebSocket._masks": "Kamaelia/Support/Protocol/WebSocket/_masks.pyx",
}
extensions = [Extension(name, [source], optional=True) for name, source in SOURCES.items()]

# With AXON_PURE=1 a wheel has no extensions, and is for every machine: py3-none-any.
setup(ext_modules=[] if os.environ.get("AXON_PURE") else extensions)
