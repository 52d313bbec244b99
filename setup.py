"""The optional extensions. All other settings are in pyproject.toml."""

import os
import runpy
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

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

FOLDER = "Kamaelia"  # of the library that mypyc makes
METADATA = {"dist_info", "egg_info"}  # pip runs these first, and nothing is built then


def compiledModules():
    """Translate the modules for mypyc to C, and return the extensions, or none without mypyc."""
    try:
        from mypyc.build import mypycify
    except ImportError:
        return []
    choice = runpy.run_path(f"{FOLDER}/Compiled.py")
    sources = [source.as_posix() for source in choice["SOURCES"]]
    group = f"{FOLDER}.{choice['groupName']()}"
    # What these modules import may need packages that are not installed here.
    options = ["--follow-imports=silent", "--ignore-missing-imports"]
    try:
        made = mypycify([*options, *sources], group_name=group, debug_level="0")
    except SystemExit as refused:  # another version of mypyc may understand less
        sys.stderr.write(f"the modules of {FOLDER} are not compiled: {refused}\n")
        return []
    for extension in made:
        extension.optional = True
    return made


class BuildExtensions(build_ext):
    """Translates the modules for mypyc only when extensions are built."""

    def finalize_options(self):
        modules = self.distribution.ext_modules
        isAsked = METADATA.isdisjoint(self.distribution.commands)
        if isAsked and not any("__mypyc" in extension.name for extension in modules):
            modules += compiledModules()
        super().finalize_options()

    def copy_extensions_to_source(self):
        """Replace all that was built of earlier sources, in an editable installation."""
        for built in Path(FOLDER).rglob(self.get_ext_filename("*")):
            source = built.with_name(built.name.split(".")[0] + ".py")
            if source.exists() or "__mypyc" in built.name:
                built.unlink()
        super().copy_extensions_to_source()


# With AXON_PURE=1 a wheel has no extensions, and is for every machine: py3-none-any.
setup(
    cmdclass={"build_ext": BuildExtensions},
    ext_modules=[] if os.environ.get("AXON_PURE") else extensions,
)
