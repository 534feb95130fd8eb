"""Curves over the steps of a run, thinned so that they fit a screen and spikes stay visible."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from itertools import groupby
from typing import Any

MOST_POINTS = 1500  # of a curve

Point = tuple[int, float | None]  # lifetime step, value; None where it was not a number


class Curves:
    """Values by name and step. A span of steps keeps its lowest and highest value, and one that is none.

    ``generation`` rises when points that were told before change; else points are only added. Those of the
    span that is not yet full are ``open``: told each time anew.
    """

    def __init__(self, generation: int) -> None:
        self.generation = generation
        self.span = 1  # steps
        self.last_step = -1
        self.closed_to = 0  # from this step on nothing is closed
        self._closed: dict[str, list[Point]] = {}
        self._open: dict[str, list[Point]] = {}

    def add(self, step: int, values: Mapping[str, float | None]) -> None:
        """The values at a step; a step that is told again counts from here on."""
        if step <= self.last_step:
            self.take_back(step)
        if step // self.span != self.last_step // self.span:
            self._close()
        for name, value in values.items():
            points = self._open.setdefault(name, [])
            self._open[name] = [*_spikes(points), (step, value)]
        self.last_step = step

    def add_more(self, step: int, values: Mapping[str, float | None]) -> None:
        """More values at the last step, or at a later one; of a value that is told again the last counts."""
        if step != self.last_step:
            self.add(step, values)
            return
        for name, value in values.items():
            points = [point for point in self._open.get(name, []) if point[0] != step]
            self._open[name] = [*_spikes(points), (step, value)]

    def take_back(self, step: int) -> None:
        """Forget this step and all after it."""
        if step > self.last_step:
            return
        for points in (*self._closed.values(), *self._open.values()):
            del points[_find(points, step) :]
        self.last_step = step - 1
        self.closed_to = min(self.closed_to, step)
        self.generation += 1

    def since(self, step: int) -> dict[str, Any]:
        """Name → ``points``, the closed ones from this step on, and ``open``."""
        names = self._closed | self._open
        return {
            name: {
                "points": closed[_find(closed, step) :] if (closed := self._closed.get(name)) else [],
                "open": list(self._open.get(name, [])),
            }
            for name in names
        }

    def _close(self) -> None:
        for name, points in self._open.items():
            self._closed.setdefault(name, []).extend(_spikes(points))
        self._open = {}
        self.closed_to = self.last_step + 1
        if max(map(len, self._closed.values()), default=0) > MOST_POINTS:
            self._thin()

    def _thin(self) -> None:
        """Make spans so much longer that half of the room is free."""
        first = min(points[0][0] for points in self._closed.values() if points)
        while self.span * MOST_POINTS // 4 <= self.last_step - first:  # a span keeps two points
            self.span *= 2
        for name, points in self._closed.items():
            spans = groupby(points, key=lambda point: point[0] // self.span)
            self._closed[name] = [kept for _, inside in spans for kept in _spikes(list(inside))]
        self.generation += 1


def _find(points: list[Point], step: int) -> int:
    """The index of the first point from this step on."""
    return bisect_left(points, step, key=lambda point: point[0])


def _spikes(points: list[Point]) -> list[Point]:
    """The lowest and the highest point, and the first that is no number, in their order."""
    if len(points) <= 2:
        return points
    numbers = [point for point in points if point[1] is not None]
    gaps = [point for point in points if point[1] is None]
    kept = set(gaps[:1])
    if numbers:
        kept |= {min(numbers, key=_value), max(numbers, key=_value)}
    return sorted(kept, key=lambda point: point[0])


def _value(point: Point) -> float:
    return point[1] or 0.0
