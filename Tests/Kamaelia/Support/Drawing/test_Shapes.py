"""The colours of pictures: they follow the reader's theme and the switch of a page."""

import re

from Kamaelia.Support.Drawing.Shapes import DARK, LIGHT, STYLE


def variables(text):
    return set(re.findall(r"(--k-\w+):", text))


def test_both_themes_set_all_variables_that_pictures_use():
    used = set(re.findall(r"var\((--k-\w+)\)", STYLE))
    assert used
    assert variables(LIGHT) == variables(DARK) == used


def test_the_switch_of_a_page_has_precedence_over_the_preference_of_the_reader():
    rules = dict(re.findall(r"^(body\[data-theme=\w+\] \.k)\{(.*)\}$", STYLE, re.MULTILINE))
    assert rules == {
        "body[data-theme=light] .k": LIGHT,
        "body[data-theme=dark] .k": DARK,
    }
