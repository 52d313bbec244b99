"""The drawing of a component, and its thumbnail."""

from xml.etree import ElementTree

import pytest

from Kamaelia.Support.Drawing.ComponentDrawing import drawing, thumbnail
from Kamaelia.Support.Drawing.Graph import Box

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ["Total", '"<script>"', "שלום", "x" * 10_000, ""]


@pytest.mark.parametrize("name", NAMES, ids=["plain", "markup", "right-to-left", "long", "empty"])
def test_a_drawing_is_xml_and_names_each_box(name):
    boxes = [Box(f"{name}{number}", "a <sentence>") for number in range(3)]
    found = ElementTree.fromstring(drawing(name, boxes, boxes[:1]))
    assert len(found.findall(f".//{SVG}rect")) == 4
    tips = [each.text for each in found.iter(f"{SVG}title")]
    assert sum("a <sentence>" in (tip or "") or len(name) > 400 for tip in tips) >= 4


@pytest.mark.parametrize("number", [0, 1, 4, 30])
def test_a_thumbnail_has_an_arrow_for_each_box_within_its_frame(number):
    boxes = [Box("control")] + [Box(f"box{each}") for each in range(number)]
    found = ElementTree.fromstring(thumbnail(boxes, boxes[1:]))
    paths = found.findall("path")
    assert len(paths) == 2 * (2 * number + 1)  # a line and a head
    assert len([each for each in paths if "stroke-dasharray" in each.attrib]) == 1
    heights = [float(each.get("d").split(",")[1].split("H")[0]) for each in paths[::2]]
    assert all(0 < each < float(found.get("height")) for each in heights)


def test_a_thumbnail_has_no_words():
    assert "".join(ElementTree.fromstring(thumbnail([Box("in")], [Box("out")])).itertext()) == ""
