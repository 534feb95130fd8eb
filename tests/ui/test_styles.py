"""The style sheet, which a webui puts on its whole page, says something of our tab alone."""

import re
from pathlib import Path

STYLE = (Path(__file__).parents[2] / "style.css").read_text(encoding="utf-8")


def find_selectors(style: str) -> list[str]:
    """Every selector, those in @media too; without comments and the steps of animations."""
    plain = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    plain = re.sub(r"@keyframes [^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", plain)
    while "(" in plain:  # what stands in brackets narrows a selector, and has commas of its own
        plain = re.sub(r"\([^()]*\)", "", plain)
    heads = re.findall(r"([^{};]+)\{", plain)
    return [each.strip() for head in heads for each in head.split(",") if not head.strip().startswith("@")]


def test_every_rule_is_about_our_tab():
    selectors = find_selectors(STYLE)
    assert len(selectors) > 100
    assert [each for each in selectors if not re.match(r"#dreambooth_tab\b", each)] == []


def test_animations_and_fonts_have_our_names():
    names = re.findall(r"@(?:keyframes|font-face|layer|property)\s*([\w-]*)", STYLE)
    assert [name for name in names if not name.startswith("db-")] == []


def test_rule_for_others_would_be_found():
    assert find_selectors("/* a, b {} */ @media (x) { button, #dreambooth_tab a { color: red } }") == [
        "button",
        "#dreambooth_tab a",
    ]
