"""The layers of the packages: which module may import which.

    python Tests/Architecture/floors.py        print each violation in a sentence

The layers are a list of floors, from the bottom up. A floor is a dict from the name of a tower
to the modules and packages in it; a name that ends with ".__init__" means the file of a package
without its modules. A module may import the modules of its own tower and of the
floors below. Two towers on one floor do not import each other. Cycles are forbidden. An import
within a function counts like any other; only imports under `if TYPE_CHECKING:` do not count.
The sources are parsed and not imported.
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
        "the base": [
            "Axon.AxonExceptions",
            "Axon.Base",
            "Axon.Browser",
            "Axon.Children",
            "Axon.ComponentCheck",
            "Axon.Core",
            "Axon.FeederSearches",
            "Axon.Hooks",
            "Axon.Ipc",
            "Axon.LateMessages",
            "Axon.Multiset",
            "Axon.Observer",
            "Axon.Settings",
            "Axon.Spelling",
            "Axon.SystemTest",
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
            "Axon.Attendants",
            "Axon.Brake",
            "Axon.ErrorRouting",
            "Axon.EventLoop",
            "Axon.ForeignProcesses",
            "Axon.HistoricalNames",
            "Axon.Lifecycle",
            "Axon.MainBodies",
            "Axon.LoopRun",
            "Axon.Microprocess",
            "Axon.ProcessDefaults",
            "Axon.ProcessHooks",
            "Axon.Scheduler",
            "Axon.Signals",
            "Axon.DeadlockCheck",
            "Axon.SignalSocket",
            "Axon.StartHooks",
            "Axon.StepRun",
            "Axon.ThreadCalls",
            "Axon.Timers",
            "Axon.RunQueue",
            "Axon.Task",
            "Axon.WaitDescriptions",
            "Axon.WriteGate",
        ],
        "Where": [
            "Axon.Box",
            "Axon.DirectSinks",
            "Axon.Inboxes",
            "Axon.Linkage",
            "Axon.OutboxPlaces",
            "Axon.Postbox",
            "Axon.Postoffice",
            "Axon.Sinks",
        ],
    },
    {
        "Component": [
            "Axon.BoxMethods",
            "Axon.Component",
            "Axon.LinkableProcess",
            "Axon.MessageWaits",
        ]
    },
    {
        "built on Component": [
            "Axon.AdaptiveCommsComponent",
            "Axon.ThreadBridge",
            "Axon.Handle",
            "Axon.Introspection",
            "Axon.Introspector",
            "Axon.IntrospectorText",
            "Axon.MessageText",
            "Axon.Taps",
            "Axon.ThreadedComponent",
            "Axon.background",
            "Axon.experimental",
            "Axon.pytestPlugin",
            "Axon.testing",
        ]
    },
    {"the top": ["Axon", "Axon.__main__"]},
]

KAMAELIA: list[Floor] = [
    {"Compiled": ["Kamaelia.Compiled"]},
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
    {"Flow": ["Kamaelia.Flow"]},
    {"Internet": ["Kamaelia.Internet"]},
    # The historical place is Internet, but its components use Graphline and ServerCore.
    {"Chassis": ["Kamaelia.Chassis"]},
    {"File": ["Kamaelia.File"]},
    {"Codec": ["Kamaelia.Codec"]},
    {
        "Automata": ["Kamaelia.Automata"],
        "Audio and Video": ["Kamaelia.Audio", "Kamaelia.Video"],
        "XML": ["Kamaelia.XML"],
    },
    {"Protocol": ["Kamaelia.Protocol"]},
    {"Net": ["Kamaelia.Net"]},
    {"Visualisation": ["Kamaelia.Visualisation"]},
    {"UI": ["Kamaelia.UI"]},
    {"Apps": ["Kamaelia.Apps"]},
    {"Experimental": ["Kamaelia.Experimental"]},
    {
        "historical import paths": [
            "Kamaelia.ReadFileAdaptor",
            "Kamaelia.SampleTemplateComponent",
            "Kamaelia.Support.Data.Experimental",
            "Kamaelia.SimpleServerComponent",
            "Kamaelia.Internet.TimeOutCSA",
            "Kamaelia.SingleServer",
            "Kamaelia.Support.Protocol.HTTP.__init__",
            "Kamaelia.Util.Graphline",
            "Kamaelia.Util.MarshallComponent",
            "Kamaelia.Util.Pipeline",
            "Kamaelia.Util.PipelineComponent",
        ]
    },
    {"the top": ["Kamaelia"]},
]

#: The floors within Kamaelia.Support.
SUPPORT: list[Floor] = [
    {
        "general": [
            "Kamaelia.Support.CharacterFIFO",
            "Kamaelia.Support.Counts",
            "Kamaelia.Support.Deprecate",
            "Kamaelia.Support.Domains",
            "Kamaelia.Support.Failover",
            "Kamaelia.Support.Fortunes",
            "Kamaelia.Support.Interpreter",
            "Kamaelia.Support.LineBuffer",
            "Kamaelia.Support.Mistakes",
            "Kamaelia.Support.Networks",
            "Kamaelia.Support.Particles",
            "Kamaelia.Support.PrintableText",
            "Kamaelia.Support.ProgramLog",
            "Kamaelia.Support.Restarts",
            "Kamaelia.Support.Secrets",
            "Kamaelia.Support.Tk",
            "Kamaelia.Support.Tokens",
        ]
    },
    {"data structures": ["Kamaelia.Support.Data"]},
    {
        "protocols": ["Kamaelia.Support.Protocol"],
        "media": ["Kamaelia.Support.Media"],
        "drawings": ["Kamaelia.Support.Drawing"],
        "links": ["Kamaelia.Support.Links"],
    },
    {
        "greylisting": ["Kamaelia.Support.Greylist"],
        "documentation": ["Kamaelia.Support.Sphinx"],
    },
    {"settings": ["Kamaelia.Support.Settings"]},
    {"the top of Support": ["Kamaelia.Support"]},
]

#: The floors within Kamaelia.Apps.Grey.
GREY: list[Floor] = [
    {
        "components for diagnosis": [
            "Kamaelia.Apps.Grey.PeriodicWakeup",
            "Kamaelia.Apps.Grey.WakeableIntrospector",
        ],
        "configuration files": ["Kamaelia.Apps.Grey.Support"],
        "the operating system": ["Kamaelia.Apps.Grey.System"],
        "the lines of the log": ["Kamaelia.Apps.Grey.Records.MailLog"],
    },
    {"stores": ["Kamaelia.Apps.Grey.Stores"]},
    {
        "policy": ["Kamaelia.Apps.Grey.Policy"],
        "records from elsewhere": ["Kamaelia.Apps.Grey.Transfer"],
    },
    {"records": ["Kamaelia.Apps.Grey.Records"]},
    {
        "backends": ["Kamaelia.Apps.Grey.Backend"],
        "sessions": ["Kamaelia.Apps.Grey.Session"],
        "decisions": ["Kamaelia.Apps.Grey.RecipientDecision"],
    },
    {
        "handlers": [
            "Kamaelia.Apps.Grey.MailHandler",
            "Kamaelia.Apps.Grey.StrictMailHandler",
            "Kamaelia.Apps.Grey.ConcreteMailHandler",
            "Kamaelia.Apps.Grey.RecordedMailHandler",
            "Kamaelia.Apps.Grey.GreyListingPolicy",
        ],
        "the policy service": ["Kamaelia.Apps.Grey.Delegation"],
    },
    {"service": ["Kamaelia.Apps.Grey.Service"]},
    {"the top of the mail proxy": ["Kamaelia.Apps.Grey", "Kamaelia.Apps.Grey.__main__"]},
]

#: The packages that have floors. Each module in one of them needs a place.
HOUSES: dict[str, list[Floor]] = {
    "Axon": AXON,
    "Kamaelia": KAMAELIA,
    "Kamaelia.Support": SUPPORT,
    "Kamaelia.Apps.Grey": GREY,
}

#: The packages that a part must not import, and the reason.
FORBIDDEN: dict[str, tuple[set[str], str]] = {
    "Axon": ({"Kamaelia"}, "the core is independent of the component library"),
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

#: The packages that serve one product, and the packages that may import them.
PRODUCT: dict[str, list[str]] = {
    "Kamaelia.Support.Greylist": ["Kamaelia.Support.Settings", "Kamaelia.Apps.Grey"],
    "Kamaelia.Support.Settings": ["Kamaelia.Apps.Grey"],
    "Kamaelia.Apps.Grey": [],
}

#: The libraries outside the standard library that modules of Axon may import.
LIBRARIES = {
    "uvloop": ["Axon"],
    "pytest": ["Axon.pytestPlugin"],
    "js": ["Axon.Browser"],  # it is there in a browser only, and so is pyodide
    "pyodide": ["Axon.Browser"],
}


class Place(NamedTuple):
    """The place of a module: the number of its floor and the name of its tower."""

    floor: int
    tower: str


class Import(NamedTuple):
    """One import: the importing module, the line, and the dotted name of the target."""

    module: str
    line: int
    target: str


def modulesUnder(root: Path, package: str) -> dict[str, Path]:
    """Return the file of each module of a package, by dotted name."""
    found = {}
    for file in sorted((root / package).rglob("*.py")):
        parts = list(file.relative_to(root).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        found[".".join(parts)] = file
    return found


def isTypeCheck(test: ast.expr) -> bool:
    """Return whether the condition is TYPE_CHECKING."""
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def nodesThatRun(tree: ast.AST) -> Iterator[ast.AST]:
    """Generate all nodes of a syntax tree except those under `if TYPE_CHECKING:`."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and isTypeCheck(node.test):
            waiting.extend(node.orelse)
        else:
            waiting.extend(ast.iter_child_nodes(node))


def packageOf(module: str, file: Path, level: int) -> list[str]:
    """Return the parts of the package to which a relative import with `level` dots refers."""
    parts = module.split(".")
    up = level - 1 if file.name == "__init__.py" else level
    return parts[: len(parts) - up]


def targetsOf(node: ast.AST, module: str, file: Path) -> list[tuple[str, ...]]:
    """Return the candidates for each imported name, the most specific one first."""
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
    """Return every import of every module; a target is a module of the packages if possible."""
    found = []
    for module, file in modules.items():
        for node in nodesThatRun(ast.parse(file.read_text(encoding="utf-8"), str(file))):
            for candidates in targetsOf(node, module, file):
                inside = [name for name in candidates if name in modules]
                target = (inside or [candidates[-1]])[0]
                found.append(Import(module, getattr(node, "lineno", 0), target))
    return sorted(set(found))


def isWithin(module: str, package: str) -> bool:
    """Return whether the module is the package or is contained in it."""
    return module == package or module.startswith(package + ".")


def placeOf(module: str, house: list[Floor]) -> Place | None:
    """Return the place of a module: that of the longest name in `house` that contains it."""
    best, place = "", None
    for number, floor in enumerate(house):
        for tower, names in floor.items():
            for name in names:
                # The root of a house counts as its __init__ only; its modules have other places.
                isRoot = HOUSES.get(name) is house
                isFile = name.endswith(".__init__")
                holds = module == name or (not isRoot and isWithin(module, name))
                holds = holds or (isFile and module == name.removesuffix(".__init__"))
                if holds and len(name) > len(best):
                    best, place = name, Place(number, tower)
    return place


def upwards(imports: Iterable[Import], house: list[Floor]) -> Iterator[str]:
    """Generate a sentence for each import from a higher floor or from another tower."""
    for module, line, target in imports:
        here, there = placeOf(module, house), placeOf(target, house)
        if here is None or there is None or here == there or here.floor > there.floor:
            continue
        where = f"{module} ({here.tower}) imports {target} ({there.tower}) in line {line}"
        if here.floor < there.floor:
            yield f"{where}, which is on a higher floor."
        else:
            yield f"{where}, but two towers on one floor are independent."


def unplaced(modules: Iterable[str], house: list[Floor]) -> Iterator[str]:
    """Generate a sentence for each module without a place."""
    for module in modules:
        if placeOf(module, house) is None:
            yield f"{module} has no place: add it to a floor in Tests/Architecture/floors.py."


def cycles(imports: Iterable[Import], modules: Iterable[str]) -> Iterator[str]:
    """Generate a sentence for a cycle of imports, if there is one."""
    known = set(modules)
    graph: dict[str, set[str]] = {module: set() for module in known}
    for module, _, target in imports:
        if target in known:
            graph[module].add(target)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        yield "These modules import each other in a cycle: " + " <- ".join(error.args[1]) + "."


def importsOfProducts(imports: Iterable[Import]) -> Iterator[str]:
    """Generate a sentence for each import of a product's package by a package for any program."""
    for module, line, target in imports:
        for product, users in PRODUCT.items():
            isUser = any(isWithin(module, package) for package in (product, *users))
            if isWithin(target, product) and not isUser:
                yield f"{module} imports {target} in line {line}, but {product} serves one product."


def forbiddenImports(imports: Iterable[Import]) -> Iterator[str]:
    """Generate a sentence for each import that FORBIDDEN or LIBRARIES excludes."""
    for module, line, target in imports:
        top = target.partition(".")[0]
        for part, (names, reason) in FORBIDDEN.items():
            if isWithin(module, part) and top in names:
                yield f"{module} imports {target} in line {line}, but {reason}."
        isOwn = top in ("Axon", "Kamaelia") or top in sys.stdlib_module_names
        isAllowed = any(isWithin(module, host) for host in LIBRARIES.get(top, []))
        if isWithin(module, "Axon") and not isOwn and not isAllowed:
            yield (
                f"{module} imports {target} in line {line}, "
                "but Axon needs only the standard library."
            )


def violations(root: Path) -> list[str]:
    """Return a sentence for each violation in the checkout at `root`."""
    sentences: list[str] = []
    everything = modulesUnder(root, "Axon") | modulesUnder(root, "Kamaelia")
    imports = importsOf(everything)
    for package, house in HOUSES.items():
        modules = [module for module in everything if isWithin(module, package)]
        sentences += unplaced(modules, house)
        sentences += upwards((i for i in imports if isWithin(i.module, package)), house)
    sentences += cycles(imports, everything)
    sentences += importsOfProducts(imports)
    sentences += forbiddenImports(imports)
    return sentences


if __name__ == "__main__":
    broken = violations(Path(__file__).resolve().parents[2])
    print("\n".join(broken) or "Every module imports only from lower floors.")  # noqa: T201
    sys.exit(bool(broken))
