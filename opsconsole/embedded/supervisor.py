"""Looks after children: starts them in order, starts them again when they die, stops them in reverse."""

import selectors
import signal
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Self

from opsconsole.embedded.children import Child
from opsconsole.embedded.guarding import Guard
from opsconsole.embedded.trouble import Trouble, if_disk_full
from opsconsole.embedded.waiting import POLL_SECONDS

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STEADY_SECONDS = 60.0
FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0  # seconds
ATTEMPTS_TO_BRING_BACK = 4


class Stopped(Exception):
    """Somebody asked us to stop while we were waiting for something."""


@dataclass(slots=True)
class Watched:
    """A child, and how it has fared."""

    child: Child
    essential: bool
    stops_first: bool
    launched_at: float = field(default_factory=time.monotonic)
    deaths: int = 0
    launch_again_at: float | None = None


class Supervisor:
    """Use as a context manager, in the main thread: it takes the signals over and stops all in the end.

    `changed` is told the children after every launch; `say` tells a person what happened.
    """

    def __init__(self, *, say: Callable[[str], None], changed: Callable[[Sequence[Child]], None]) -> None:
        self._say = say
        self._changed = changed
        self._watched: list[Watched] = []
        self._signals = 0
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        self._guard = Guard()
        self._wake, self._waker = socket.socketpair()
        for end in (self._wake, self._waker):
            end.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake, selectors.EVENT_READ)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in (*STOP_SIGNALS, signal.SIGCHLD):
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue  # nohup asked for that
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_all()
        self._guard.dismiss()
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._selector.close()
        self._wake.close()
        self._waker.close()

    def launch(self, child: Child, *, essential: bool = False, stops_first: bool = False) -> None:
        """Launch a child and look after it; all ends when an essential one stays dead."""
        self._watched.append(Watched(child, essential, stops_first))
        self._launch(child)

    def run(self, child: Child, seconds: float) -> None:
        """Run a child to its end. Raises Trouble when it fails, Stopped when somebody asks us to stop."""
        child.launch()
        self._guard.over(child)
        try:
            finished = self.wait(lambda: not child.alive, seconds)
        finally:
            child.kill()
            self._guard.no_longer_over(child)
        if not finished or child.exit_code:
            how = child.ending() if finished else f"took longer than {seconds:.0f} s"
            raise if_disk_full(child.words(), child.log) or Trouble(f"{child.name} {how}.\n{child.last_words()}")

    def wait(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait for a condition; False when it does not hold in time. Raises Stopped."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self._signals:
                raise Stopped
            if time.monotonic() >= deadline:
                return False
            self._doze(POLL_SECONDS)
        return True

    def watch(self) -> None:
        """Look after the children until somebody asks us to stop. Raises Trouble when that is no use."""
        while not self._signals:
            for watched in self._watched:
                self._look_after(watched)
            due = [w.launch_again_at for w in self._watched if w.launch_again_at is not None]
            self._doze(max(0.0, min(due) - time.monotonic()) if due else None)

    def _look_after(self, watched: Watched) -> None:
        now = time.monotonic()
        if watched.launch_again_at is None:
            if not watched.child.alive:
                self._bury(watched, now)
        elif now >= watched.launch_again_at:
            watched.launch_again_at, watched.launched_at = None, now
            self._launch(watched.child)

    def _bury(self, watched: Watched, now: float) -> None:
        """Say that a child died and why, and decide when to launch it again."""
        child = watched.child
        self._guard.no_longer_over(child)
        child.kill()  # what it had started
        watched.deaths = watched.deaths + 1 if now - watched.launched_at < STEADY_SECONDS else 1
        if watched.essential:
            if trouble := if_disk_full(child.words(), child.log):
                raise trouble
            if watched.deaths >= ATTEMPTS_TO_BRING_BACK:
                raise Trouble(f"{child.name} {child.ending()} and cannot be brought back.\n{child.last_words()}")
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** (watched.deaths - 1))
        watched.launch_again_at = now + delay
        self._say(
            f"{child.name} {child.ending()}; starting it again in {delay:g} s."
            f" The end of {child.log}:\n{child.last_words()}"
        )

    def _launch(self, child: Child) -> None:
        child.launch()
        self._guard.over(child)
        self._changed([watched.child for watched in self._watched])

    def _stop_all(self) -> None:
        """Stop in reverse order."""
        in_order = sorted(self._watched, key=lambda watched: watched.stops_first)
        for watched in reversed(in_order):
            self._stop(watched)

    def _stop(self, watched: Watched) -> None:
        """Ask a child to end and insist after its grace; asked twice, we spare only an essential one."""
        child = watched.child
        child.ask()
        deadline = time.monotonic() + child.grace
        while child.alive and time.monotonic() < deadline:
            if self._signals > 1 and not watched.essential:
                break
            self._doze(POLL_SECONDS)
        child.kill()
        self._guard.no_longer_over(child)

    def _doze(self, seconds: float | None) -> None:
        """Sleep until a signal comes (a child's end is one), so many seconds at most."""
        if self._selector.select(seconds):
            self._wake.recv(4096)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if number in STOP_SIGNALS:
            self._signals += 1
