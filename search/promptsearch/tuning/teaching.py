"""PET: PLMs tuned under several templates teach one (Schick and Schütze 2021a, 2021b).

Each template tunes the PLM on the labelled examples. What the tuned PLMs say together of unlabelled texts are
soft labels, on which the PLM is tuned under one template. In further generations (iPET) each template is also
trained on texts that the others together are surest of, more of them each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from promptsearch.engines.soft.course import Lesson
from promptsearch.errors import StorageError
from promptsearch.paths import atomic_file
from promptsearch.scoring import log_softmax
from promptsearch.study.artefacts import TEACHERS_FILE
from promptsearch.tuning.config import TuneConfig
from promptsearch.tuning.outcome import Teacher
from promptsearch.tuning.phases import Phases
from promptsearch.tuning.subject import Subject
from promptsearch.tuning.tuners import PromptTuner, log_probs_of

FloatArray = NDArray[np.floating]
# Texts that a generation learns from, in multiples of the labelled ones (Schick and Schütze 2021a, d = 5).
_GROWTH = 5


@dataclass(frozen=True)
class Taught:
    """What the teachers leave to be learned.

    Attributes:
        lesson: over the subject's examples, the unlabelled texts with soft labels.
    """

    lesson: Lesson
    teachers: tuple[Teacher, ...]


def teach(subject: Subject, config: TuneConfig, phases: Phases) -> Taught:
    """Tune the PLM under each pattern of the subject, generation by generation, and have all label the texts.

    Afterwards the PLM is as it was.

    Raises:
        TuningStopped: the user has stopped it.
        PromptSearchError: whatever makes a training impossible.
    """
    school = School(subject, config, phases)
    said: list[FloatArray] = []
    for generation in range(config.generations + 1):
        # Those who learn from the others learn from what these said before.
        said = [school.said(generation, number, said) for number in range(len(subject.patterns))]
    return school.taught(said)


class School:
    def __init__(self, subject: Subject, config: TuneConfig, phases: Phases) -> None:
        self.subject, self.config, self.phases = subject, config, phases
        self.patterns = subject.patterns
        self.kept = _Kept(phases.folder / TEACHERS_FILE, phases.digest)
        n_train, n_dev = len(subject.task.train), len(subject.task.dev)
        self.train, self.dev = range(n_train), range(n_train, n_train + n_dev)
        self.texts = range(n_train + n_dev, len(subject.examples))
        self.labels = len(subject.task.labels)
        self.weights = [self._weight(number) for number in range(len(self.patterns))]

    def said(self, generation: int, number: int, before: Sequence[FloatArray]) -> FloatArray:
        """Label log-probabilities (n, L) of all examples by a template's tuned PLM."""
        name = f"generation {generation}, template {number}"
        known = self.kept.get(name)
        if known is not None:
            self.phases.skip()
            return known
        tuner = self._tuner(number)
        self.phases.observer.stage(f"Training teacher {number + 1} of {len(self.patterns)}, {name}")
        found = self.phases.train(name, tuner.make, self._lesson(generation, number, before), restarts=1)
        said = log_probs_of(found.learner, range(len(self.subject.examples)))
        tuner.give_back()
        self.kept.put(name, said)
        return said

    def taught(self, said: Sequence[FloatArray]) -> Taught:
        """Soft labels by all, and what the last training learns."""
        targets = self._targets()
        targets[self.texts] = np.exp(log_softmax(self._together(said) / self.config.temperature))
        lesson = Lesson(targets, (*self.train, *self.texts), tuple(self.dev))
        true = targets[self.dev].argmax(axis=1)
        teachers = [
            Teacher(template, weight, int((own[self.dev].argmax(axis=1) == true).sum()), len(self.dev))
            for template, weight, own in zip(self.patterns, self.weights, said)
        ]
        return Taught(lesson, tuple(teachers))

    def _lesson(self, generation: int, number: int, before: Sequence[FloatArray]) -> Lesson:
        """Train, and from the second generation on the texts that the other templates are surest of."""
        targets, chosen = self._targets(), []
        if generation:
            others = [i for i in range(len(self.patterns)) if i != number] or [number]
            together = log_softmax(self._together([before[i] for i in others], others))
            chosen = surest(together, len(self.train) * _GROWTH**generation)
            targets[[self.texts[i] for i in chosen]] = np.eye(self.labels)[together[chosen].argmax(axis=1)]
        rows = (*self.train, *(self.texts[i] for i in chosen))
        return Lesson(targets, rows, tuple(self.dev))

    def _targets(self) -> NDArray[np.float32]:
        """The labels that are known; all alike for the unlabelled."""
        given = np.full((len(self.subject.examples), self.labels), 1 / self.labels, dtype=np.float32)
        known = [*self.train, *self.dev]
        labels = [self.subject.examples[row].label or 0 for row in known]
        given[known] = np.eye(self.labels, dtype=np.float32)[labels]
        return given

    def _together(self, said: Sequence[FloatArray], members: Sequence[int] | None = None) -> FloatArray:
        """Weighted mean of what several say of the texts: (texts, L)."""
        weights = [self.weights[i] for i in (members if members is not None else range(len(said)))]
        return np.average([each[self.texts] for each in said], axis=0, weights=weights)

    def _tuner(self, number: int) -> PromptTuner:
        subject = replace(self.subject, template=self.patterns[number])
        return PromptTuner(subject, self.config)

    def _weight(self, number: int) -> float:
        """Accuracy of a template on train, on the PLM as it is; not nothing."""
        name = f"untuned {number}"
        said = self.kept.get(name)
        if said is None:
            tuner = self._tuner(number)
            said = tuner.untuned(self.train)
            self.kept.put(name, said)
        true = [example.label for example in self.subject.task.train]
        return max(1 / len(true), float((said.argmax(axis=1) == true).mean()))


@dataclass
class _Kept:
    """Arrays by name in one file, so that a killed run has what its teachers said.

    Attributes:
        run: what tells the run from others; what another has left is not taken.
    """

    path: Path
    run: str
    _arrays: dict[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            self._arrays = dict(load_file(self.path))
        except FileNotFoundError:
            self._arrays = {}
        except (SafetensorError, OSError) as error:
            raise StorageError(
                f"what was trained so far cannot be read: {error}",
                where=str(self.path),
                hint="Delete it to start again.",
            ) from error

    def get(self, name: str) -> FloatArray | None:
        return self._arrays.get(f"{self.run} {name}")

    def put(self, name: str, array: FloatArray) -> None:
        from safetensors.numpy import save_file

        self._arrays[f"{self.run} {name}"] = np.ascontiguousarray(array, dtype=np.float32)
        with atomic_file(self.path) as temporary:
            save_file(self._arrays, temporary)


def surest(together: FloatArray, most: int) -> list[int]:
    """Texts whose labels are likeliest, as many of each label as there are: `most` in all, but one at least.

    Args:
        together: (texts, L) log-probabilities.
    """
    labels, answers = together.shape[1], together.argmax(axis=1)
    chosen: list[int] = []
    for label in range(labels):
        members = np.flatnonzero(answers == label)
        order = members[np.argsort(-together[members, label], kind="stable")]
        chosen += order[: max(1, most // labels)].tolist()
    return sorted(chosen)
