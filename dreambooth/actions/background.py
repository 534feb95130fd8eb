"""Work that takes longer than a page waits for an answer: it goes on in threads, and is asked for again."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from dreambooth.config.store import ConfigError

PATIENCE_SECONDS = 0.15
FRESH_SECONDS = 5.0  # how long a result is true for who asks again; a page does so every second
NUM_THREADS = 2
MOST_FORGOTTEN = 500  # results that nobody came back for

Result = dict[str, Any]


class Superseded(Exception):
    """Somebody asks for something else in the same place by now."""


@dataclass
class Progress:
    """How far a piece of work is, for those who wait."""

    done: int = 0
    total: int = 0
    is_unwanted: bool = False

    def say(self, done: int, total: int) -> None:
        """Tell how far it is; raises Superseded when nobody wants it any more."""
        self.done, self.total = done, total
        if self.is_unwanted:
            raise Superseded


Work = Callable[[Progress], Result]


@dataclass
class Task:
    """A piece of work that is waiting, under way or over."""

    key: Hashable
    work: Work
    place: Hashable
    progress: Progress = field(default_factory=Progress)
    is_over: threading.Event = field(default_factory=threading.Event)
    ended: float = 0.0  # on the monotonic clock
    result: Result = field(default_factory=dict)
    error: Exception | None = None

    def perform(self) -> None:
        """Do the work; whatever it raises is kept for who asked for it."""
        try:
            self.result = self.work(self.progress)
        except Exception as error:  # noqa: BLE001 - raised again where the result is taken
            self.error = error
        self.ended = time.monotonic()
        self.is_over.set()

    @property
    def is_stale(self) -> bool:
        """Whether what it found out may no longer be so, or nobody wants it."""
        is_old = self.is_over.is_set() and time.monotonic() - self.ended > FRESH_SECONDS
        return is_old or self.progress.is_unwanted

    def take(self) -> Result:
        """What came of it."""
        if self.error is not None:
            raise self.error
        return self.result


class Background:
    """Work by key: who asks twice joins what is under way. A few threads, which end with the process."""

    def __init__(self) -> None:
        self._tasks: OrderedDict[Hashable, Task] = OrderedDict()
        self._waiting: deque[Task] = deque()
        self._num_threads = 0
        self._lock = threading.Lock()

    def start(self, key: Hashable, work: Work, place: Hashable = None) -> Task:
        """The task of this key, begun if there is none; unfinished ones of the same place are given up."""
        with self._lock:
            if key in self._tasks and not self._tasks[key].is_stale:
                return self._tasks[key]
            self._give_up(place)
            task = self._tasks[key] = Task(key, work, place)
            self._waiting.append(task)
            if self._num_threads < NUM_THREADS:
                self._num_threads += 1
                threading.Thread(target=self._work_on, daemon=True, name="dreambooth").start()
            return task

    def ask(self, key: Hashable, work: Work, place: Hashable = None) -> Result | Progress:
        """The result when it is there soon, else how far it is; a result is given once."""
        task = self.start(key, work, place)
        wait_for([task])
        return self.collect(task)

    def collect(self, task: Task) -> Result | Progress:
        """The result of a task that was begun, which is then forgotten, or how far it is."""
        if not task.is_over.is_set():
            return task.progress
        with self._lock:
            if self._tasks.get(task.key) is task:
                del self._tasks[task.key]
        return task.take()

    def follow(self, key: Hashable) -> Result | Progress:
        """The same of work that was begun, as often as one likes; raises ConfigError when it is not known."""
        with self._lock:
            task = self._tasks.get(key)
        if task is None:
            raise ConfigError("work: it is not known here any more; look at what it did, and begin it anew")
        wait_for([task])
        return task.take() if task.is_over.is_set() else task.progress

    def forget(self) -> None:
        """Files have changed: what was found out about places, or is about to be, is found out anew."""
        with self._lock:
            for key, task in [*self._tasks.items()]:
                if task.place is not None:
                    task.progress.is_unwanted = True
                    del self._tasks[key]

    def _give_up(self, place: Hashable) -> None:
        for key, task in [*self._tasks.items()]:
            if place is not None and task.place == place and not task.is_over.is_set():
                task.progress.is_unwanted = True
                del self._tasks[key]
        over = [key for key, task in self._tasks.items() if task.is_over.is_set()]
        for key in over[:-MOST_FORGOTTEN]:
            del self._tasks[key]

    def _work_on(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._num_threads -= 1
                    return
                task = self._waiting.popleft()
            if not task.progress.is_unwanted:
                task.perform()


def wait_for(tasks: list[Task]) -> None:
    """Wait for all of them together, as long as a page waits for an answer."""
    until = time.monotonic() + PATIENCE_SECONDS
    for task in tasks:
        task.is_over.wait(max(0, until - time.monotonic()))


LOOKING = Background()  # at folders, and changing them
DRAWING = Background()  # small pictures, which do not wait for whole folders
