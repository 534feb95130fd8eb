"""Averages of curves over spans of steps, for where a curve itself tells no more than its extremes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any


@dataclass
class _Span:
    """Some steps in a row, from ``first`` on."""

    first: int
    steps: int = 0  # their sum
    values: float = 0.0
    count: int = 0

    def add(self, step: int, value: float) -> None:
        """One more of them."""
        self.steps, self.values, self.count = self.steps + step, self.values + value, self.count + 1

    def to_point(self) -> tuple[int, float]:
        """The average at the average step."""
        return round(self.steps / self.count), self.values / self.count


class Means:
    """Averages by name. Those of the span that is not yet full are ``open``: told each time anew."""

    def __init__(self) -> None:
        self.span = 1  # steps
        self._open_from = 0  # the span that is not yet full begins here
        self._spans: dict[str, list[_Span]] = {}

    def add(self, step: int, values: Mapping[str, float | None]) -> None:
        """The values at a step, later than all before; what is no number does not count."""
        first = self._open_from = step // self.span * self.span
        for name, value in values.items():
            if value is None:
                continue
            spans = self._spans.setdefault(name, [])
            if not spans or spans[-1].first != first:
                spans.append(_Span(first))
            spans[-1].add(step, value)

    def take_back(self, step: int) -> None:
        """Forget this step, all after it, and what cannot be told from them."""
        for spans in self._spans.values():
            del spans[_find(spans, step // self.span * self.span) :]

    def widen(self, span: int) -> None:
        """Make spans longer, by a whole factor."""
        self.span = span
        self._open_from = self._open_from // span * span
        for name, spans in self._spans.items():
            groups = groupby(spans, lambda each: each.first // span * span)
            self._spans[name] = [_join(first, list(inside)) for first, inside in groups]

    def since(self, step: int) -> dict[str, Any]:
        """Name → ``points`` and ``open``, as curves tell theirs; nothing while a span is a single step."""
        if self.span == 1:
            return {}
        return {
            name: {
                "points": _told(spans[_find(spans, step) : _find(spans, self._open_from)]),
                "open": _told(spans[_find(spans, self._open_from) :]),
            }
            for name, spans in self._spans.items()
        }


def _find(spans: list[_Span], first: int) -> int:
    """The index of the first span that begins from this step on."""
    return bisect_left(spans, first, key=lambda span: span.first)


def _told(spans: list[_Span]) -> list[tuple[int, float]]:
    return [span.to_point() for span in spans]


def _join(first: int, spans: list[_Span]) -> _Span:
    steps, values = sum(span.steps for span in spans), sum(span.values for span in spans)
    return _Span(first, steps, values, sum(span.count for span in spans))
