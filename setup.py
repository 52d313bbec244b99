"""The compiled core, an optional extension. All other settings are in pyproject.toml."""

from setuptools import Extension, setup

# Without a C compiler the installation continues, and Axon uses its Python modules instead.
setup(ext_modules=[Extension("Axon._core", ["Axon/_core.pyx"], optional=True)])
