"""The files of the page."""

import gzip
import re

import pytest

from Kamaelia.Visualisation.Live.PageFiles import pageFile

SCRIPTS = ("main.js", "layoutWorker.js", "dagre.js")


def textOf(name):
    return pageFile(f"/{name}")["data"].decode()


def test_the_page_has_no_script_or_style_in_the_text_and_none_from_elsewhere():
    page = textOf("index.html")
    assert re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL) == [""]
    assert not re.search(r"<style|style=|\son\w+=", page)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


@pytest.mark.parametrize("name", SCRIPTS)
def test_each_module_that_a_script_imports_is_served(name):
    for imported in re.findall(r'^import .* from "\./(.*)";$', textOf(name), re.MULTILINE):
        assert pageFile(f"/{imported}")["statuscode"] == 200, imported


def modulesOf(*names):
    """Return these files and all modules that they import."""
    loaded, pending = set(names), list(names)
    while pending:
        for each in re.findall(r'^import .* from "\./(.*)";$', textOf(pending.pop()), re.MULTILINE):
            if each not in loaded:
                loaded.add(each)
                pending.append(each)
    return loaded


def test_the_browser_requests_all_modules_at_once():
    requested = re.findall(r'rel="modulepreload" href="(.*)"', textOf("index.html"))
    assert {*requested, "main.js"} == modulesOf("main.js")


def test_the_page_is_small():
    loaded = modulesOf("index.html", "style.css", "icon.svg", *SCRIPTS)
    size = sum(len(gzip.compress(pageFile(f"/{each}")["data"])) for each in loaded)
    assert size < 250_000


def test_the_licence_of_the_library_is_served():
    assert "Permission is hereby granted, free of charge" in textOf("dagre-licence.txt")


@pytest.mark.parametrize(
    "path", ["/nothing", "/../Watch.py", "/types.d.ts", "//main.js", "/page/main.js", "/."]
)
def test_nothing_else_is_served(path):
    assert pageFile(path)["statuscode"] == 404
