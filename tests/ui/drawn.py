"""A drawn page as elements, for tests to look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"br", "hr", "img", "input"}


@dataclass
class Element:
    """A tag with its attributes, its text and what is in it."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None
    children: list[Element] = field(default_factory=list)
    own_text: str = ""

    @property
    def text(self) -> str:
        """All words in it."""
        return self.own_text + "".join(child.text for child in self.children)

    def all(self) -> list[Element]:
        """This one and everything in it."""
        return [self, *(inner for child in self.children for inner in child.all())]

    def around(self) -> list[Element]:
        """Everything that it is in, innermost first."""
        return [] if self.parent is None else [self.parent, *self.parent.around()]


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("page", {}, None)
        self.open = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.open)
        self.open.children.append(element)
        if tag not in VOID:
            self.open = element

    def handle_endtag(self, tag: str) -> None:
        assert self.open.tag == tag, f"{tag} ends where {self.open.tag} is open"
        self.open = self.open.parent

    def handle_data(self, data: str) -> None:
        self.open.own_text += data


def parse(markup: str) -> Element:
    """The page as elements; every one that is opened is closed."""
    builder = _Builder()
    builder.feed(markup)
    assert builder.open is builder.root
    return builder.root
