"""The choice of the core, compiled or pure."""

import os
import subprocess
import sys

import pytest

from Axon import BoxMethods, Core, RunQueue, Sinks

HEAP_TYPE = 1 << 9  # a class that is defined in Python has this flag
CLASSES = [RunQueue.Task, RunQueue.RunQueue, Sinks.Storage, BoxMethods.BoxMethods]


def outputOf(*arguments, **environment):
    """Return what `python ARGUMENTS` prints."""
    ran = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout


@pytest.mark.skipif(
    not os.environ.get("KAMAELIA_REQUIRE_COMPILED_CORE") or bool(os.environ.get("AXON_PURE")),
    reason="needs KAMAELIA_REQUIRE_COMPILED_CORE",
)
def test_the_compiled_core_has_been_built_if_it_is_required():
    assert Core.name() == "compiled", Core.reason


@pytest.mark.parametrize("cls", CLASSES)
def test_all_classes_of_the_hot_path_are_of_the_same_core(cls):
    isCompiled = not cls.__flags__ & HEAP_TYPE
    assert isCompiled == (Core.name() == "compiled")


def test_a_variable_of_the_environment_selects_the_pure_core():
    assert "core: pure (AXON_PURE is set)" in outputOf("-m", "Axon", AXON_PURE="1")


def test_the_program_prints_version_core_and_loop():
    said = dict(line.split(": ", 1) for line in outputOf("-m", "Axon").splitlines())
    assert said["version"][0].isdigit()
    assert said["core"] == f"{Core.name()} ({Core.reason})"
    assert said["loop"] in {"uvloop", "asyncio"}


@pytest.mark.skipif(Core.compiled is None, reason="needs the compiled core")
def test_an_extension_of_another_version_is_not_used_and_a_warning_says_so():
    # `import Axon._core` imports Axon first, so the extension is loaded under that name alone.
    file = getattr(Core.compiled, "__file__", "")
    program = (
        "import runpy, sys, importlib.util as u;"
        f"s = u.spec_from_file_location('Axon._core', {file!r});"
        "m = u.module_from_spec(s); s.loader.exec_module(m); m.INTERFACE = -1;"
        "sys.modules['Axon._core'] = m;"
        "runpy.run_module('Axon', run_name='__main__')"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    why = "the extension belongs to another version: build it again"
    assert f"core: pure ({why})" in ran.stdout.splitlines()
    assert ran.stderr.splitlines() == [f"The pure core is used: {why} ({file})"]
