"""Ways to find pairs in text, what their passes came to, and whether they agree."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from promptsearch.bench.mining_corpus import Text
from promptsearch.bench.mining_ways import MiningJob, Pass
from promptsearch.bench.processes import ContenderError


@dataclass(frozen=True)
class Way:
    """One way to find the pairs of a text.

    Attributes:
        key: by which results name it.
        on: what it looks for, and where: everything in the text; everything in the large text; one relation
            in the text; that relation in a sample of it; or the names alone.
    """

    key: str
    title: str
    on: str
    job: MiningJob
    text: Text


@dataclass(frozen=True)
class Result:
    """The passes of one way."""

    way: Way
    passes: tuple[Pass, ...]

    @property
    def seconds(self) -> float:
        """Median over the passes."""
        return median(one.seconds for one in self.passes)

    @property
    def workers(self) -> int:
        """Processes that count."""
        return self.passes[0].workers

    @property
    def sentences_per_second(self) -> float:
        """Sentences of the text over the median time."""
        return self.way.text.sentences / self.seconds

    @property
    def megabytes_per_second(self) -> float:
        """Size of the text in MB (10^6 bytes) over the median time."""
        return self.way.text.size / 1e6 / self.seconds

    @property
    def peak_megabytes(self) -> float | None:
        """Of all processes together, in the worst pass; None where the system does not tell."""
        peaks = [one.all_bytes for one in self.passes if one.all_bytes is not None]
        return max(peaks) / 1e6 if peaks else None

    def record(self) -> dict[str, Any]:
        """As JSON-able values."""
        first = self.passes[0]
        return {
            "key": self.way.key,
            "title": self.way.title,
            "on": self.way.on,
            "sentences": self.way.text.sentences,
            "bytes": self.way.text.size,
            "seconds": [one.seconds for one in self.passes],
            "start_seconds": [one.start_seconds for one in self.passes],
            "sentences_per_second": self.sentences_per_second,
            "megabytes_per_second": self.megabytes_per_second,
            "workers": self.workers,
            "peak_bytes": [one.peak_bytes for one in self.passes],
            "worker_bytes": [list(one.worker_bytes) for one in self.passes],
            "keys": first.keys,
            "pairs_of_keys": first.places,
            "missed": first.missed,
        }


@dataclass(frozen=True)
class Check:
    """Whether ways agree, in words."""

    what: str
    holds: bool


def in_own_process(job: MiningJob, folder: Path) -> Pass:
    """Do a job in a process of its own.

    Raises:
        ContenderError: it failed.
    """
    path = folder / "job.json"
    path.write_text(job.to_json(), "utf-8")
    command = [sys.executable, "-m", "promptsearch.bench.mining_ways", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace")
    if done.returncode:
        said = " ".join(done.stderr.strip().splitlines()[-3:])  # an error of promptsearch takes three
        raise ContenderError(f"the way {job.way!r} stopped", where=said[-500:] or None)
    return Pass.of_record(json.loads(done.stdout))


def checks_of(results: Mapping[str, Result], spelt: Pass) -> tuple[Check, ...]:
    """Whether all ways of promptsearch count the same, and whether the obvious way finds what it finds.

    Args:
        results: by the ways' keys.
        spelt: see `mining_ways.met_pairs`, on what the obvious way was given.
    """
    checks = []
    for first, on in (("ours-1", "the text"), ("large-1", results["large-1"].way.on)):
        alike = [result for result in results.values() if result.way.on == on]
        digests = {one.digest for result in alike for one in result.passes}
        titles = ", ".join(result.way.title.removeprefix("promptsearch, ") for result in alike)
        what = f"The counts on {on} are the same in every pass and every way ({titles})"
        n = results[first].passes[0]
        checks.append(Check(f"{what}: {n.keys:,} keys, {n.places:,} pairs of them", len(digests) == 1))
    named, seen = set(spelt.pairs), set(results["obvious-one"].passes[0].pairs)
    what = (
        f"The {len(named):,} pairs that promptsearch finds in the sample, whole words and spelt alike, are "
        f"among the {len(seen):,} of the obvious way, which also takes parts of words and of longer names"
    )
    return (*checks, Check(what, named <= seen))
