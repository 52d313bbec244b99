"""The docstring of a package names each of its modules, so that a reader finds them."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PACKAGES = [
    "Axon",
    "Kamaelia",
    "Kamaelia/Audio",
    "Kamaelia/Automata",
    "Kamaelia/Chassis",
    "Kamaelia/Codec",
    "Kamaelia/Experimental",
    "Kamaelia/File",
    "Kamaelia/Internet",
    "Kamaelia/Internet/Simulate",
    "Kamaelia/Protocol",
    "Kamaelia/Protocol/HTTP",
    "Kamaelia/Protocol/WebSocket",
    "Kamaelia/Protocol/IRC",
    "Kamaelia/Protocol/RTP",
    "Kamaelia/Protocol/HTTP/Handlers",
    "Kamaelia/Util",
    "Kamaelia/XML",
    "Kamaelia/Apps",
    "Kamaelia/Apps/CL",
    "Kamaelia/Apps/Europython09",
    "Kamaelia/Apps/Europython09/BB",
    "Kamaelia/Apps/JMB",
    "Kamaelia/Apps/JMB/WSGI",
    "Kamaelia/Apps/IRCLogger",
    "Kamaelia/Apps/Grey/Stores",
    "Kamaelia/Apps/MH",
    "Kamaelia/Apps/MPS",
    "Kamaelia/Apps/SA",
    "Kamaelia/Apps/Grey/System",
    "Kamaelia/Apps/Grey/Service",
    "Kamaelia/Apps/Grey/Policy",
    "Kamaelia/Support",
    "Kamaelia/Support/Data",
    "Kamaelia/Support/Greylist",
    "Kamaelia/Support/Media",
    "Kamaelia/Support/Particles",
    "Kamaelia/Support/Protocol",
    "Kamaelia/Support/Protocol/HTTP",
    "Kamaelia/Support/Protocol/IRC",
    "Kamaelia/Support/Protocol/SMTP",
    "Kamaelia/Support/Protocol/SPF",
    "Kamaelia/Support/Protocol/WebSocket",
    "Kamaelia/Support/Settings",
    "Kamaelia/Support/Tk",
    "Kamaelia/Util/Tokenisation",
    "Kamaelia/Visualisation",
    "Kamaelia/Visualisation/Axon",
    "Kamaelia/Visualisation/ER",
    "Kamaelia/Visualisation/Live",
    "Kamaelia/Visualisation/PhysicsGraph",
]


def unnamedModules(package: Path) -> list[str]:
    """Return the modules and packages in a package that its docstring does not name."""
    source = (package / "__init__.py").read_text(encoding="utf-8")
    named = set(re.findall(r"\w+", ast.get_docstring(ast.parse(source)) or ""))
    modules = {path.stem for path in package.glob("*.py") if path.stem != "__init__"}
    modules |= {path.parent.name for path in package.glob("*/__init__.py")}
    return sorted(modules - named)


@pytest.mark.parametrize("package", PACKAGES)
def test_the_docstring_of_a_package_names_each_module(package: str) -> None:
    assert unnamedModules(ROOT / package) == [], f"add these to {package}/__init__.py"


def test_a_module_without_a_mention_is_found(tmp_path: Path) -> None:
    for name in ("__init__.py", "Known.py", "Unknown.py"):
        (tmp_path / name).write_text('"""Known: a module."""')
    assert unnamedModules(tmp_path) == ["Unknown"]
