"""A lock whose waiters are served in the order in which they came."""

import threading
from collections import deque


class FIFOLock:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inner = threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    def acquire(self, blocking: bool = True) -> bool:
        with self._inner:
            if self._lock.acquire(blocking=False):
                return True
            if not blocking:
                return False
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()
        return self._lock.acquire()

    def release(self) -> None:
        with self._inner:
            self._lock.release()
            if self._waiting:
                self._waiting.popleft().set()

    __enter__ = acquire

    def __exit__(self, *_: object) -> None:
        self.release()
