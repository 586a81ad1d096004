"""The one who kills: at seeded moments of the run's progress, one process after another, servers too."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.faults.centre import Centre

SERVERS = ("postgres", "kafka", "redis")


@dataclass
class Monkey:
    """Kills `kills` times while `progress` goes from 0 to 1; `done` says when and what, `failed` what went wrong."""

    centre: Centre
    seed: int
    kills: int
    kinds: Sequence[str]
    progress: Callable[[], float]
    stop: threading.Event
    done: list[str] = field(default_factory=list)
    failed: list[BaseException] = field(default_factory=list)

    def schedule(self) -> list[tuple[float, str]]:
        """When (in progress) what dies: each server once in ten kills, every kind before any comes again."""
        chance = random.Random(self.seed)
        servers = [k for k in self.kinds if k in SERVERS] * max(1, self.kills // 10)
        others = [k for k in self.kinds if k not in SERVERS]
        while len(servers) + len(others) < self.kills:
            others += chance.sample(list(self.kinds), len(self.kinds))
        chosen = (servers + chance.sample(others, len(others)))[: self.kills]
        chance.shuffle(chosen)
        moments = sorted(0.03 + 0.92 * (n + chance.random()) / self.kills for n in range(self.kills))
        return list(zip(moments, chosen, strict=True))

    def run(self) -> None:
        """Until all are done, or the run stops."""
        try:
            self._run()
        except BaseException as error:  # noqa: BLE001  # the run looks at it in its own thread
            self.failed.append(error)

    def _run(self) -> None:
        chance, begun = random.Random(self.seed + 1), time.monotonic()
        for moment, target in self.schedule():
            while self.progress() < moment and not self.stop.is_set():
                self.stop.wait(0.02)
            killed = self.centre.kill(target, chance)
            self.done.append(f"{time.monotonic() - begun:.1f} s: {killed}")
            if target in SERVERS:
                self.stop.wait(chance.random() * 1.5)
                self.centre.revive(target)
