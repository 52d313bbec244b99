"""The historical examples, unchanged: on our packages, and with their own components on our Axon.

The second kind shows that our core runs components that were written for another one: threaded
selectors, socket adapters, servers, a console, chassis and files.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from Tests.historical.programs import PROGRAMS
from Tests.historical.session import ROOT, commandFor

pytestmark = [pytest.mark.needs("unshare"), pytest.mark.timeout(120)]


@pytest.fixture(scope="module", autouse=True)
def _namespaces():
    """Skip the tests where the system does not allow namespaces, as in some containers."""
    command = ["unshare", "--map-root-user", "--net", "--mount", sys.executable, "-c", "pass"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs namespaces: {done.stderr.strip()}")


BESIDE = 4  # examples that run at the same time

#: Examples that do not run with the components of 1.14 on Python 3, and the reason.
FAULTS = {
    "Files/DemoAppend.py": "its console reader ends with EOFError",
    "Introspection/IntrospectionTutorial/CommandLineEchoExample.py": "the same",
    "TCP_Systems/_HTTP/ConsoleDownloader.py": "the same",
    "Introspection/FortuneCookie_Introspecting.py": "its socket adapter uses an undefined name",
    "Introspection/IntrospectionTutorial/IntrospectingChatServer.py": "the same",
    "Introspection/IntrospectionTutorial/IntrospectingCommandLineEchoExample.py": "the same",
    "Introspection/IntrospectionTutorial/IntrospectingEchoServer.py": "the same",
    "PythonInterpreter/BasicPythonInterpreter.py": "it uses StringIO.StringIO of Python 2",
    "PythonInterpreter/ConsolePythonInterpreter.py": "the same",
    "TCP_Systems/FortuneCookieServer.py": "it needs the program fortune",
    "TCP_Systems/FortuneCookie_ServerClient.py": "the same",
    "TCP_Systems/_HTTP/KamaeliaWebServer.py": "its HTTP parser uses string.join of Python 2",
    "TCP_Systems/_HTTP/cookbook_1.py": "the same",
    "TCP_Systems/_HTTP/cookbook_2.py": "the same",
    "_HTTPSpider/HTTPSpider.py": "the same",
    "_Handles/_simplehttpclient.py": "its selector uses an undefined name",
    "TCP_Systems/_IRC/BasicDemo.py": "its client uses string.join of Python 2",
    "TCP_Systems/_SSL/https.py": "its TLS uses a socket that Python 3 has detached",
    "TCP_Systems/_SSL/tcpssl.py": "the same",
    "UsingChassis/_WhatIsTheCarouselFor/_SimpleMultiFileStreamer.py": "its Chooser uses next()",
    "_Handles/_simpletcpclient.py": "its client does not send text",
}


@pytest.fixture(scope="module")
def play(request, historical):
    """Return play(program, library), which fails the test if the example does not do its work.

    The examples of all selected tests run beside each other, because they mostly wait.
    """

    def run(program, library):
        return subprocess.run(
            commandFor(str(historical), program, library),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    items = [each for each in request.session.items if each.path == request.path]
    chosen = [(each.callspec.params["program"], each.callspec.params["library"]) for each in items]
    with ThreadPoolExecutor(BESIDE) as pool:
        running = {each: pool.submit(run, *each) for each in chosen}

        def play(*each):
            done = running[each].result()
            assert done.returncode == 0, done.stdout + done.stderr

        yield play
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("library", ["ours"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_an_example_of_1_14_runs_unchanged(play, program, library):
    play(program, library)


@pytest.mark.parametrize("library", ["historical"])
@pytest.mark.parametrize("program", [each for each in PROGRAMS if each not in FAULTS])
def test_the_components_of_1_14_run_unchanged_on_our_Axon(play, program, library):
    play(program, library)
