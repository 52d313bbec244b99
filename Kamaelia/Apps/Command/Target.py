"""The system that a word on the command line means.

Example usage
-------------
    found = load("package.module:Chat", {"port": "1500"})
    found.systems                   # components that do not run yet
    found.source                    # the path of the file that defines them

How does it work?
-----------------
"module:attribute" is a component, a class of components, or a function that returns a component.
A path is that of a program. It is executed as Python would execute it, except that the first call
of run() ends it: what should have run then is the system. So a program need not be written for this
command. If a bare `except:` of the program catches the exception that ends it, the program goes on,
and the first system counts all the same. If it calls run() again, as in a loop, the exception is
also raised in its `except:` block.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import runpy
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from Axon.Component import component
from Axon.Microprocess import microprocess
from Axon.Scheduler import scheduler


class TargetError(Exception):
    """The word means no system; the message says why."""


class MistakeFound(TargetError):
    """The system cannot be built: the program itself has a mistake."""


@dataclass(frozen=True)
class Target:
    """Systems that do not run yet, and the file that defines them, if that is known.

    A program may have activated several components before the one that it runs.
    """

    systems: tuple[Any, ...]
    source: Path | None

    def discard(self) -> None:
        """End what a program has activated, as it will not be run."""
        for each in self.systems:
            if each.isActive():
                each.terminate()


class _Captured(BaseException):
    """Ends a program in place of its first run(). No program catches it by accident."""

    def __init__(self, system: Any = None) -> None:
        self.system = system


def load(word: str, settings: Mapping[str, str], arguments: Sequence[str] = ()) -> Target:
    """Return the system for "module:attribute" or the path of a program.

    settings: keyword arguments for a class or function; a text that is a Python literal becomes
    its value. arguments: those of a program. Raises TargetError.
    """
    if isProgram(word):
        if settings:
            raise TargetError("a program takes its own options: write them after --")
        return _ofProgram(word, arguments)
    module, found = named(word)
    return Target((_built(found, word, settings),), _sourceOf(found, module))


def named(word: str) -> tuple[Any, Any]:
    """Return the module and the attribute that "module:attribute" names. Raises TargetError."""
    name, colon, attribute = word.partition(":")
    if not (name and colon and attribute):
        raise TargetError(
            f"{word!r} is neither a file nor module:attribute: write, for example, program.py or"
            " package.module:Chat"
        )
    module = _imported(name)
    return module, _attributeOf(module, attribute)


def _imported(name: str) -> Any:
    if "" not in sys.path[:1]:
        sys.path.insert(0, "")  # the current folder, as with `python -m`
    try:
        if importlib.util.find_spec(name) is None:
            raise ModuleNotFoundError(name=name)
    except ModuleNotFoundError as error:
        raise TargetError(f"there is no module {error.name or name!r}") from None
    except (ValueError, ImportError):  # such as an empty part of the name
        raise TargetError(f"{name!r} is not the name of a module") from None
    with _explained(f"importing {name}"):
        return importlib.import_module(name)


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Turn the errors of a program into a MistakeFound."""
    try:
        yield
    except (TargetError, KeyboardInterrupt, _Captured):
        raise
    except BaseException as error:  # noqa: BLE001 - the program may raise anything
        raise MistakeFound(f"{what}: {type(error).__name__}: {error}") from error


def _attributeOf(module: Any, attribute: str) -> Any:
    found = module
    for part in attribute.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            systems = sorted(name for name, each in vars(module).items() if _isSystem(each, module))
            there = f"; it has {', '.join(systems)}" if systems else ""
            raise TargetError(f"{module.__name__} has no {attribute!r}{there}") from None
    return found


def _isSystem(each: Any, module: Any) -> bool:
    isOwnClass = inspect.isclass(each) and each.__module__ == module.__name__
    return isinstance(each, component) or (isOwnClass and issubclass(each, component))


def _built(found: Any, word: str, settings: Mapping[str, str]) -> Any:
    if isinstance(found, component):
        if settings:
            raise TargetError(f"{word} is a component: settings are for a class or function")
        return found
    if not callable(found):
        raise TargetError(f"{word} is {type(found).__name__}, not a component, class or function")
    with _explained(f"calling {word}"):
        system = found(**{name: _valueOf(text) for name, text in settings.items()})
    if not isinstance(system, component):
        raise TargetError(f"{word} returns {type(system).__name__}, not a component")
    return system


def _valueOf(text: str) -> Any:
    import ast

    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _sourceOf(found: Any, module: Any) -> Path | None:
    kind = found if inspect.isclass(found) or inspect.isfunction(found) else type(found)
    for each in (kind, module):
        try:
            path = inspect.getsourcefile(each)
        except TypeError:
            continue
        if path is not None:
            return Path(path)
    return None


# Programs


def isProgram(word: str) -> bool:
    """Return whether a word on the command line is a path, and not module:attribute."""
    return word.endswith(".py") or "/" in word


def execute(path: str, arguments: Sequence[str]) -> None:
    """Execute a program as `python path arguments` does. Raises TargetError if there is no file."""
    if not Path(path).is_file():
        raise TargetError(f"there is no file {path!r}")
    before, beforePath = sys.argv, list(sys.path)
    sys.argv = [path, *arguments]
    sys.path.insert(0, str(Path(path).resolve().parent))
    try:
        runpy.run_path(path, run_name="__main__")
    finally:
        sys.argv, sys.path[:] = before, beforePath


def _ofProgram(path: str, arguments: Sequence[str]) -> Target:
    captured: list[_Captured] = []
    try:
        with _capturedRun(captured), _explained(f"running {path}"):
            execute(path, arguments)
    except _Captured:
        """The program has called run()."""
    except MistakeFound as error:
        if captured:  # it went on after run()
            return _targetOf(captured[0], path)
        if isinstance(error.__cause__, SystemExit):
            raise TargetError(
                f"{path} ended before it ran a system: its options come after --"
            ) from None
        raise
    if not captured:
        raise TargetError(f"{path} ran no system: it called no run()")
    return _targetOf(captured[0], path)


def _targetOf(captured: _Captured, path: str) -> Target:
    active = [each for each in scheduler.run.listAllThreads() if each is not captured.system]
    last = () if captured.system is None else (captured.system,)
    return Target((*active, *last), Path(path))


@contextmanager
def _capturedRun(captured: list[_Captured]) -> Iterator[None]:
    """Let the calls that run components end the program instead, after adding to `captured`."""

    def run(self: Any, *_: Any, **__: Any) -> None:
        captured.append(_Captured(self if isinstance(self, component) else None))
        if len(captured) > 1:  # a bare `except:` has caught the first one
            _raiseInHandlers(captured[-1], sys._getframe(1))
        raise captured[-1]

    names = ((microprocess, "run"), (scheduler, "runThreads"), (scheduler, "runAsync"))
    before = [(owner, name, getattr(owner, name)) for owner, name in names]
    for owner, name in names:
        setattr(owner, name, run)
    trace = sys.gettrace()
    try:
        yield
    finally:
        sys.settrace(trace)
        for owner, name, original in before:
            setattr(owner, name, original)


def _raiseInHandlers(captured: _Captured, frame: FrameType | None) -> None:
    """Raise `captured` also at the next line of the program, such as that of an `except:` block."""

    def atLine(_: FrameType, event: str, __: Any) -> Any:
        if event == "line":
            raise captured
        return atLine

    while frame is not None and frame.f_code is not execute.__code__:
        if frame.f_globals.get("__name__") != runpy.__name__:
            frame.f_trace = atLine
        frame = frame.f_back
    sys.settrace(lambda *_: None)  # a line is traced only if the thread is
