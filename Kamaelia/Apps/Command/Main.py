"""The command `kamaelia`: run, check, draw and inspect systems of components.

    kamaelia run chat:Chat --set port=1500      run a system
    kamaelia check program.py                   look for mistakes before it runs
    kamaelia part program.py STORE              run one part of a Distributed
    kamaelia graph program.py > system.svg      draw it
    kamaelia components file                    the components that have to do with files
    kamaelia show SimpleReader                  one component and its boxes
    kamaelia trace program.py                   its messages as a sequence diagram
    kamaelia ps program.sock                    what waits in a running program, and for what
    kamaelia tree program.sock                  its components within their parents

A SYSTEM is module:attribute (a component, a class of components, or a function that returns a
component; the current folder comes first), or the path of a program, which is executed up to its
first run(). A program that was started with KAMAELIA_INSPECT=PATH in its environment answers to
`ps` and `tree`. The exit status is 0; 1 for mistakes that were found; 2 for a wrong command line.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from Axon.AxonExceptions import wiringError
from Axon.StartHooks import isObservationAllowed
from Kamaelia.Apps.Command import Library, Running, Trace
from Kamaelia.Apps.Command.Checks import ERROR, Finding, checked
from Kamaelia.Apps.Command.Plan import planOf
from Kamaelia.Apps.Command.Sources import repeatedKeys
from Kamaelia.Apps.Command.Target import (
    MistakeFound,
    Target,
    TargetError,
    execute,
    isProgram,
    load,
    named,
)
from Kamaelia.Net.Distributed import Distributed
from Kamaelia.Support.ProgramLog import messagesOnStderr
from Kamaelia.Visualisation.SystemGraph import FORMATS, plannedGraph

FOUND, MISUSED = 1, 2


def main(words: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    options = _parser().parse_args(words)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except (MistakeFound, Running.NotRunning) as error:
        return _fail(str(error), FOUND)
    except TargetError as error:
        return _fail(str(error), MISUSED)
    except BrokenPipeError:  # for example with `| head`
        sys.stderr.close()
        return 0


def _fail(message: str, status: int) -> int:
    print(f"kamaelia: {message}", file=sys.stderr)
    return status


def _print(words: str) -> None:
    print(words)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kamaelia",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (_addSystemCommands, _addPart, _addLibraryCommands, _addRunningCommands):
        add(commands)
    return parser


def _addSystemCommands(commands: Any) -> None:
    for name, command, summary in (
        ("run", run, "run a system"),
        ("check", check, "find mistakes in a system before it runs"),
        ("graph", draw, "draw a system"),
        ("trace", trace, "run a system, and show its messages as a sequence diagram"),
    ):
        sub = _addForSystem(commands, name, command, summary)
        sub.add_argument(
            "arguments", nargs="*", default=[], help="arguments of a program, after --"
        )
        sub.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", type=_setting,
            help="a keyword argument for a class or function",
        )  # fmt: skip
        if name == "run":
            sub.add_argument(
                "--watch", action="store_true", help="print the address of a page that shows it"
            )
        if name == "check":
            sub.add_argument("--strict", action="store_true", help="fail for warnings, too")
            _addJSON(sub)
        if name == "graph":
            sub.add_argument("--format", choices=list(FORMATS), default="svg")
        if name == "trace":
            _addTraceOptions(sub)


def _addForSystem(
    commands: Any, name: str, command: Callable[..., int], summary: str
) -> argparse.ArgumentParser:
    sub: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    sub.add_argument("system", metavar="SYSTEM", help="module:attribute or program.py")
    sub.set_defaults(command=command)
    return sub


def _addJSON(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--json", action="store_true", help="print JSON")


def _addPart(commands: Any) -> None:
    summary = "run the part of a Distributed that belongs on this machine"
    sub = _addForSystem(commands, "part", part, summary)
    sub.add_argument("name", metavar="PART", help="a part that was given with at()")
    sub.set_defaults(set=[], arguments=[])


def _addLibraryCommands(commands: Any) -> None:
    sub = commands.add_parser("components", help="list the components of the library")
    sub.add_argument("word", nargs="?", default="", help="only those in which it occurs")
    _addJSON(sub)
    sub.set_defaults(command=listing)
    sub = commands.add_parser("show", help="describe one component")
    sub.add_argument("name", metavar="NAME", help="its name, its import path or module:Class")
    _addJSON(sub)
    sub.set_defaults(command=show)


def _addRunningCommands(commands: Any) -> None:
    for name, lines, summary in (
        ("ps", Running.table, "show what waits in a running program"),
        ("tree", Running.tree, "show the components of a running program by parents"),
    ):
        sub = commands.add_parser(name, help=summary, description=summary)
        sub.add_argument("path", metavar="PATH", help="the one in its KAMAELIA_INSPECT")
        _addJSON(sub)
        sub.set_defaults(command=inspect, lines=lines)


def _addTraceOptions(sub: argparse.ArgumentParser) -> None:
    add = sub.add_argument
    add("--component", action="append", default=[], metavar="NAME",
        help="only its messages: a name in its chassis, or a class; repeatable")  # fmt: skip
    add("--count", type=int, default=200, help="end after so many messages (%(default)s)")
    add("--format", choices=list(Trace.FORMATS), default="text")
    add("--output", metavar="FILE", help="write there, and not to standard output")


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _target(options: argparse.Namespace) -> Target:
    return load(options.system, dict(options.set), options.arguments)


def run(options: argparse.Namespace) -> int:
    """Run a system until it ends."""
    if options.watch:
        # here, because most runs need no server
        from Kamaelia.Visualisation.Live.Watch import Watch

        Watch().activate()
    _start(options)
    return 0


def _start(options: argparse.Namespace) -> None:
    if isProgram(options.system):
        execute(options.system, options.arguments)
    else:
        (system,) = _target(options).systems
        with messagesOnStderr():
            system.run()


def part(options: argparse.Namespace) -> int:
    """Run one part of a Distributed until it ends."""
    target = _target(options)
    if len(target.systems) != 1 or not isinstance(target.systems[0], Distributed):
        raise TargetError(f"{options.system} is not a Distributed, which alone has such parts")
    try:
        place = target.systems[0].part(options.name)
    except wiringError as error:
        raise TargetError(str(error)) from error
    target.discard()
    place.run()
    return 0


def check(options: argparse.Namespace) -> int:
    """Print the mistakes in a system."""
    target = _target(options)
    found = [*_textFindings(target)]
    for system in target.systems:
        found += checked(planOf(system))
    target.discard()
    if options.json:
        _print(json.dumps([asdict(finding) for finding in found], indent=1))
    else:
        for finding in found:
            _print(f"{finding.severity}: {finding.text}")
        if not found:
            print("no mistakes found", file=sys.stderr)
    isBad = any(options.strict or finding.severity == ERROR for finding in found)
    return FOUND if isBad else 0


def _textFindings(target: Target) -> list[Finding]:
    if target.source is None:
        return []
    text = target.source.read_bytes()  # a program may declare its encoding
    return [
        Finding(ERROR, f"{target.source}, line {line}: {words}")
        for line, words in repeatedKeys(text)
    ]


def draw(options: argparse.Namespace) -> int:
    """Print the picture of a system."""
    target = _target(options)
    _print(FORMATS[options.format](plannedGraph(target.systems)))
    target.discard()
    return 0


def listing(options: argparse.Namespace) -> int:
    """Print the components in which a word occurs."""
    found = Library.entries(options.word)
    if options.json:
        _print(json.dumps([_plain(each) for each in found], indent=1))
        return 0
    if not found:
        return _fail(f"no component has {options.word!r} in its name or description", FOUND)
    width = min(max(len(each.path) for each in found), 60)
    for each in found:
        _print(f"{each.path:{width}}  {each.summary}")
    return 0


def show(options: argparse.Namespace) -> int:
    """Print the description of a component, or of all that have its name."""
    found = _ofProgram(options.name) if ":" in options.name else Library.find(options.name)
    if not found:
        near = [each.path for each in Library.entries(options.name)][:5]
        hint = f": did you mean {', '.join(near)}?" if near else ""
        return _fail(f"there is no component {options.name!r}{hint}", FOUND)
    if options.json:
        _print(json.dumps([_plain(each) for each in found], indent=1))
    else:
        _print("\n\n\n".join(map(Library.described, found)))
    return 0


def _ofProgram(word: str) -> list[Library.Entry]:
    _, item = named(word)
    if not callable(item):
        raise TargetError(f"{word} is {type(item).__name__}, not a component, class or function")
    return [Library.entryOf(item)]


def trace(options: argparse.Namespace) -> int:
    """Run a system, and print its messages."""
    if not isObservationAllowed():
        raise TargetError("KAMAELIA_OBSERVE=off forbids to show messages")
    if options.count < 1:
        raise TargetError(f"--count is a number of messages, at least 1, not {options.count}")
    recorded = Trace.recorded(lambda: _start(options), options.count, options.component)
    text = Trace.FORMATS[options.format](recorded.messages)
    if options.output:
        Path(options.output).write_text(f"{text}\n", encoding="utf-8")
    elif text:
        _print(text)
    if recorded.messages:
        return 0
    seen = f"; there were {', '.join(recorded.names)}" if recorded.names else ""
    wanted = f" from or to {', '.join(options.component)}" if options.component else ""
    return _fail(f"no message has passed{wanted}{seen}", FOUND)


def inspect(options: argparse.Namespace) -> int:
    """Print the state of a running program."""
    state = Running.stateAt(options.path)
    _print(
        json.dumps(state, indent=1)
        if options.json
        else "\n".join(Running.shown(options.lines, state))
    )
    return 0


def _plain(each: Library.Entry) -> dict[str, Any]:
    boxes = {
        title.lower(): dict(getattr(each.item, title, {}))
        for title in ("Inboxes", "Outboxes")
        if isinstance(getattr(each.item, title, None), dict)
    }
    return {"path": each.path, "summary": each.summary, "isPrefab": each.isPrefab, **boxes}


def entryPoint() -> NoReturn:
    """Run the command as a program."""
    sys.exit(main())
