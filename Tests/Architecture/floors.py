"""The floors of the house: which module may import which.

    python Tests/Architecture/floors.py        says what breaks the rules, one sentence a line

A house is a list of floors, from the ground up, and a floor is a dict of towers: the name
of a tower, and the modules and packages that are in it. A module may import what is in its
own tower or on a floor below; two towers on one floor know nothing of each other. There are
no cycles, and an import within a function counts like any other: only what stands under
`if TYPE_CHECKING:` does not. Nothing is imported here to find out: the source is read.
"""

import ast
import graphlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

Floor = dict[str, list[str]]

AXON: list[Floor] = [
    {
        "the ground": [
            "Axon.AxonExceptions",
            "Axon.Base",
            "Axon.ComponentCheck",
            "Axon.Hooks",
            "Axon.Ipc",
            "Axon.LateMessages",
            "Axon.Observer",
            "Axon.Spelling",
            "Axon.Trace",
            "Axon.UnreadBox",
            "Axon.YieldCheck",
            "Axon.debug",
            "Axon.debugConfigDefaults",
            "Axon.debugConfigFile",
            "Axon.idGen",
            "Axon.util",
        ]
    },
    {
        "the service tracker": ["Axon.CoordinatingAssistantTracker"],
        "transactional memory": ["Axon.STM"],
        "When": [
            "Axon.AsyncBody",
            "Axon.Ending",
            "Axon.EventLoop",
            "Axon.Foreign",
            "Axon.Microprocess",
            "Axon.Scheduler",
            "Axon.Signals",
            "Axon.Timers",
            "Axon.Turns",
            "Axon.Waits",
        ],
        "Where": ["Axon.Box", "Axon.Inboxes", "Axon.Linkage", "Axon.Postoffice"],
    },
    {"the bridge": ["Axon.Component"]},
    {
        "the upper floor": [
            "Axon.AdaptiveCommsComponent",
            "Axon.Airlock",
            "Axon.Handle",
            "Axon.Introspection",
            "Axon.Introspector",
            "Axon.IntrospectorText",
            "Axon.ThreadedComponent",
            "Axon.background",
            "Axon.experimental",
            "Axon.pytestPlugin",
            "Axon.testing",
        ]
    },
    {"the roof": ["Axon"]},
]

KAMAELIA: list[Floor] = [
    {"Support": ["Kamaelia.Support"]},
    {
        "IPC": [
            "Kamaelia.BaseIPC",
            "Kamaelia.Exceptions",
            "Kamaelia.IPC",
            "Kamaelia.KamaeliaExceptions",
            "Kamaelia.KamaeliaIPC",
        ]
    },
    {"Util": ["Kamaelia.Util"]},
    {"Internet": ["Kamaelia.Internet"]},
    # Historically among Internet, but what it gives is made of a Graphline and a ServerCore.
    {"Chassis": ["Kamaelia.Chassis", "Kamaelia.Internet.TimeOutCSA"]},
    {"File": ["Kamaelia.File"]},
    {"Codec": ["Kamaelia.Codec"]},
    {
        "Automata": ["Kamaelia.Automata"],
        "Audio and Video": ["Kamaelia.Audio", "Kamaelia.Video"],
        "XML": ["Kamaelia.XML"],
    },
    {"Protocol": ["Kamaelia.Protocol"]},
    {"Visualisation": ["Kamaelia.Visualisation"]},
    {"UI": ["Kamaelia.UI"]},
    {"Apps": ["Kamaelia.Apps"]},
    {"Experimental": ["Kamaelia.Experimental"]},
    {
        "the old names": [
            "Kamaelia.ReadFileAdaptor",
            "Kamaelia.SampleTemplateComponent",
            "Kamaelia.SimpleServerComponent",
            "Kamaelia.SingleServer",
            "Kamaelia.Util.Graphline",
            "Kamaelia.Util.MarshallComponent",
            "Kamaelia.Util.Pipeline",
            "Kamaelia.Util.PipelineComponent",
        ]
    },
    {"the roof": ["Kamaelia"]},
]

#: What a part of the house must not import from outside it, and why.
FORBIDDEN: dict[str, tuple[set[str], str]] = {
    "Axon": ({"Kamaelia"}, "the core knows nothing of the components that stand on it"),
    "Kamaelia.Support": (
        {
            "Axon",
            "_thread",
            "asyncio",
            "multiprocessing",
            "select",
            "selectors",
            "socket",
            "ssl",
            "threading",
            "time",
        },
        "Support is plain code without Axon, sockets, threads or a clock",
    ),
}

#: What Axon may import that is not of the standard library, and who may.
GUESTS = {
    "uvloop": ["Axon"],
    "pytest": ["Axon.pytestPlugin"],
}


class Place(NamedTuple):
    """Where a module stands: the number of its floor, the name of its tower."""

    floor: int
    tower: str


class Import(NamedTuple):
    """One import: who, at which line, and the dotted name of what."""

    module: str
    line: int
    target: str


def modulesUnder(root: Path, package: str) -> dict[str, Path]:
    """The dotted name and the file of each module of a package."""
    found = {}
    for file in sorted((root / package).rglob("*.py")):
        parts = list(file.relative_to(root).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        found[".".join(parts)] = file
    return found


def isTypeCheck(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def nodesThatRun(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a syntax tree but those that only type checkers see."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and isTypeCheck(node.test):
            waiting.extend(node.orelse)
        else:
            waiting.extend(ast.iter_child_nodes(node))


def packageOf(module: str, file: Path, level: int) -> list[str]:
    """The parts of the package that a relative import with `level` dots begins at."""
    parts = module.split(".")
    up = level - 1 if file.name == "__init__.py" else level
    return parts[: len(parts) - up]


def targetsOf(node: ast.AST, module: str, file: Path) -> list[tuple[str, ...]]:
    """What a node imports: for each name the candidates, the most exact one first."""
    if isinstance(node, ast.Import):
        return [(alias.name,) for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        begin = packageOf(module, file, node.level) if node.level else []
        base = ".".join(begin + ([node.module] if node.module else []))
        return [(f"{base}.{alias.name}", base) for alias in node.names]
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if called in ("import_module", "__import__") and isinstance(node.args[0].value, str):
            return [(node.args[0].value,)]
    return []


def importsOf(modules: dict[str, Path]) -> list[Import]:
    """Every import of every module; the target is a module of the house where it is one."""
    found = []
    for module, file in modules.items():
        for node in nodesThatRun(ast.parse(file.read_text(encoding="utf-8"), str(file))):
            for candidates in targetsOf(node, module, file):
                inside = [name for name in candidates if name in modules]
                target = (inside or [candidates[-1]])[0]
                found.append(Import(module, getattr(node, "lineno", 0), target))
    return sorted(set(found))


def isWithin(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def placeOf(module: str, house: list[Floor]) -> Place | None:
    """Where a module stands: the place of the longest name in the house that holds it."""
    best, place = "", None
    for number, floor in enumerate(house):
        for tower, names in floor.items():
            for name in names:
                # A package on the roof is its __init__ alone: what is in it has places below.
                holds = module == name or ("." in name and isWithin(module, name))
                if holds and len(name) > len(best):
                    best, place = name, Place(number, tower)
    return place


def upwards(imports: Iterable[Import], house: list[Floor]) -> Iterator[str]:
    """A sentence for each import that goes up, or across to another tower."""
    for module, line, target in imports:
        here, there = placeOf(module, house), placeOf(target, house)
        if here is None or there is None or here == there or here.floor > there.floor:
            continue
        where = f"{module} ({here.tower}) imports {target} ({there.tower}) in line {line}"
        if here.floor < there.floor:
            yield f"{where}, which stands above it."
        else:
            yield f"{where}, but these two know nothing of each other."


def homeless(modules: Iterable[str], house: list[Floor]) -> Iterator[str]:
    """A sentence for each module that stands on no floor."""
    for module in modules:
        if placeOf(module, house) is None:
            yield f"{module} stands on no floor: give it one in Tests/Architecture/floors.py."


def cycles(imports: Iterable[Import], modules: Iterable[str]) -> Iterator[str]:
    """A sentence for a circle of modules that import one another, if there is one."""
    known = set(modules)
    graph: dict[str, set[str]] = {module: set() for module in known}
    for module, _, target in imports:
        if target in known:
            graph[module].add(target)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        yield "These import each other in a circle: " + " <- ".join(error.args[1]) + "."


def strangers(imports: Iterable[Import]) -> Iterator[str]:
    """A sentence for each import of what a part of the house must not know."""
    for module, line, target in imports:
        top = target.partition(".")[0]
        for part, (names, reason) in FORBIDDEN.items():
            if isWithin(module, part) and top in names:
                yield f"{module} imports {target} in line {line}, but {reason}."
        isOwn = top in ("Axon", "Kamaelia") or top in sys.stdlib_module_names
        isWelcome = any(isWithin(module, host) for host in GUESTS.get(top, []))
        if isWithin(module, "Axon") and not isOwn and not isWelcome:
            yield (
                f"{module} imports {target} in line {line}, "
                "but Axon needs nothing that is not in the standard library."
            )


def violations(root: Path) -> list[str]:
    """All that breaks the rules in the checkout at `root`, a sentence each."""
    sentences: list[str] = []
    everything = modulesUnder(root, "Axon") | modulesUnder(root, "Kamaelia")
    imports = importsOf(everything)
    for package, house in (("Axon", AXON), ("Kamaelia", KAMAELIA)):
        modules = [module for module in everything if isWithin(module, package)]
        sentences += homeless(modules, house)
        sentences += upwards((i for i in imports if isWithin(i.module, package)), house)
    sentences += cycles(imports, everything)
    sentences += strangers(imports)
    return sentences


if __name__ == "__main__":
    broken = violations(Path(__file__).resolve().parents[2])
    print("\n".join(broken) or "Every module imports only downwards.")  # noqa: T201
    sys.exit(bool(broken))
