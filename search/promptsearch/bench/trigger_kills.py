"""A trigger search that is killed again and again, and comes to the trigger it comes to without."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from promptsearch.artefact import read_prompt_file
from promptsearch.bench.fresh_cache import fresh_cache
from promptsearch.bench.sittings import broken_files, sit, study_of
from promptsearch.errors import PromptSearchError
from promptsearch.study.artefacts import PROMPT_FILE
from promptsearch.study.triggers import TriggerSearch

# A sitting that goes on for so long hangs.
_PATIENCE_SECONDS = 1800.0
# Share of the kills that do not fall while a sitting is still being set up.
_IN_SEARCH = 0.8


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Attributes:
        improvements: template, ids, loss and step of each better trigger, by PLM.
        prompt: template, label words and calibration of the best prompt.
    """

    improvements: dict[str, tuple[tuple[object, ...], ...]]
    prompt: tuple[str, ...]

    @classmethod
    def of(cls, folder: Path) -> Outcome:
        """Read a run that is done.

        Raises:
            PromptFileError: its prompt file cannot be read.
        """
        document = read_prompt_file(folder / PROMPT_FILE)
        words = document.to_verbalizer()
        calibration = repr(document.calibration)
        return cls(
            {search.plm: tuple(map(_kept, search.history.improvements)) for search in searches_of(folder)},
            (str(document.to_template()), repr(words), calibration),
        )


def _kept(found: Any) -> tuple[object, ...]:
    """What of a better trigger does not hang on how long things took."""
    return found.template, found.ids, found.loss, found.step


def searches_of(folder: Path) -> list[TriggerSearch]:
    """The trigger searches of a run, one a PLM, as its study keeps them."""
    with study_of(folder) as study:
        kept = {} if study is None else study.user_attrs
        records = [value for name, value in kept.items() if name.startswith("found ")]
    return [TriggerSearch.restored(record) for record in records]


@dataclass(frozen=True)
class KilledRun:
    """One search, killed until the kills were used up or it had ended.

    Attributes:
        kills: seconds after which each sitting was killed.
        in_search: of how many kills they count from its first word to the study, not from its start.
        broken: files that were no JSON after a kill, and why.
        same: whether it came to just what the search without kills came to.
        seconds: of all its processes.
    """

    kills: tuple[float, ...]
    in_search: int
    broken: tuple[str, ...]
    same: bool
    seconds: float


@dataclass(frozen=True)
class TriggerKills:
    """All runs beside the one that was let be."""

    expected: Outcome
    seconds: float
    runs: tuple[KilledRun, ...]

    @property
    def sound(self) -> bool:
        """Whether every killed run came to the same, and left no half-written file."""
        return all(run.same and not run.broken for run in self.runs)

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        last = {plm: found[-1] for plm, found in self.expected.improvements.items() if found}
        return {
            "kills": sum(len(run.kills) for run in self.runs),
            "in_the_search": sum(run.in_search for run in self.runs),
            "runs": [asdict(run) for run in self.runs],
            "same": sum(run.same for run in self.runs),
            "seconds_without_kills": round(self.seconds, 1),
            "better_triggers": {plm: len(found) for plm, found in self.expected.improvements.items()},
            "last": {
                plm: {"template": found[0], "ids": found[1], "loss": found[2]} for plm, found in last.items()
            },
            "prompt": self.expected.prompt[0],
        }


def run(
    options: Sequence[str],
    kills: int,
    seed: int = 0,
    longest: float = 8.0,
    progress: Callable[[str], None] = lambda _: None,
) -> TriggerKills:
    """Search with `promptsearch trigger` once in peace, then again, killed and gone on with each time.

    Args:
        options: of `promptsearch trigger`, with --evaluations, by which a search always ends at the same
            place, and without --out, --minutes and --resume.
        kills: over all runs; where one run ends before it was killed so often, another begins.
        longest: seconds that a sitting which is killed gets at most.

    Raises:
        ContenderError: a sitting failed.
        PromptSearchError: the search in peace left no prompt.
    """
    draw, done, runs = random.Random(seed), 0, list[KilledRun]()
    with TemporaryDirectory(prefix="promptsearch-bench-") as place:
        folder, begun = Path(place) / "in-peace", time.monotonic()
        progress("a search in peace")
        with fresh_cache() as env:
            sit("trigger", options, folder, env, _PATIENCE_SECONDS)
        expected, seconds = Outcome.of(folder), time.monotonic() - begun
        while done < kills:
            progress(f"{done} of {kills} kills")
            folder = Path(place) / f"killed-{len(runs)}"
            runs.append(_killed(options, folder, kills - done, draw, longest, expected))
            done += len(runs[-1].kills)
    return TriggerKills(expected, seconds, tuple(runs))


def _killed(
    options: Sequence[str], folder: Path, most: int, draw: random.Random, longest: float, expected: Outcome
) -> KilledRun:
    kills, searching, broken, begun = list[float](), 0, list[str](), time.monotonic()
    with fresh_cache() as env:
        while True:
            after = draw.uniform(0.0, longest) if len(kills) < most else None
            in_search = draw.random() < _IN_SEARCH
            if sit("trigger", options, folder, env, _PATIENCE_SECONDS, after, in_search) or after is None:
                break
            kills.append(after)
            searching += in_search
            broken += broken_files(folder)[0]
    taken = time.monotonic() - begun
    return KilledRun(tuple(kills), searching, tuple(broken), _came_to(folder) == expected, taken)


def _came_to(folder: Path) -> Outcome | None:
    try:
        return Outcome.of(folder)
    except PromptSearchError:
        return None
