"""Report documents made up for tests: a small one with every part, and one of a thousand candidates."""

from __future__ import annotations

import random
from collections.abc import Sequence

from pydantic import JsonValue

from promptsearch.report.document import (
    CandidatePoint,
    Confusion,
    Cost,
    Finalist,
    Gap,
    HistoryPoint,
    Importance,
    ReportDocument,
    TaskSummary,
    Transfer,
)
from tests.report.document_parts import (
    BEST,
    ENGINES,
    LABELS,
    MINILM,
    SMOLLM2,
    TEMPLATES,
    WORDS,
    course,
    figure,
    hardest,
    sections,
    seeds,
    sensitivity,
    summary,
)


def small_document() -> ReportDocument:
    """A report with every part filled: 12 candidates, 4 finalists, 2 PLMs."""
    return _document(candidates_of(12), seconds=94.0)


def large_document(n: int = 1000) -> ReportDocument:
    """A report of n candidates, in every other way as the small one."""
    return _document(candidates_of(n), seconds=612.5)


def bare_document() -> ReportDocument:
    """A report with nothing but what must be there."""
    return ReportDocument(
        created="2026-08-30T12:00:00+00:00",
        task=task(),
        answer="Stopped before test was scored.",
        verdicts=(),
        prompt=prompt_file(),
        example="a gorgeous, witty film All in all, it was ▁▁▁.",
        use="from promptsearch import load_prompt",
        finalists=(finalist("best", 0, None),),
        compared=1,
        alike=1,
        n_candidates=1,
        seconds=1.0,
        environment={},
    )


def unlabelled_document() -> ReportDocument:
    """A report of a search in which no label was looked at."""
    return small_document().model_copy(update={"labelled": False})


def candidates_of(n: int, seed: int = 3) -> tuple[CandidatePoint, ...]:
    """n candidates over all engines and both PLMs; the first is best on dev, the second the manual prompt."""
    rng = random.Random(seed)
    points = [candidate(0, 0.87, finalist=True, on_front=True)]
    for i in range(1, n):
        value = round(min(0.86, max(0.42, rng.gauss(0.68, 0.09))), 4)
        points.append(candidate(i, value, finalist=i < 4, on_front=i == 3))
    return tuple(points)


def candidate(i: int, dev: float, *, finalist: bool = False, on_front: bool = False) -> CandidatePoint:
    """The i-th candidate."""
    words = WORDS[i % len(WORDS)]
    template = TEMPLATES[i % len(TEMPLATES)]
    return CandidatePoint(
        engine="manual" if i == 1 else ENGINES[i % len(ENGINES)],
        plm=(MINILM, SMOLLM2)[i // 4 % 2],
        template=template if i < len(TEMPLATES) else template.replace("{mask}", f"no. {i} {{mask}}"),
        words=" / ".join(words),
        calibration=("batch", "none", "contextual")[i % 3],
        train=round(dev + 0.02, 4),
        dev=dev,
        log_likelihood=round(-0.1 - (1 - dev), 4),
        tokens=18.0 + i % 9,
        manual=i == 1,
        finalist=finalist,
        on_front=on_front,
    )


def history_of(points: Sequence[CandidatePoint]) -> tuple[HistoryPoint, ...]:
    """What was tried one after another, worst first, so that the best rises to the end."""
    best, told = 0.0, []
    tried = sorted(points, key=lambda point: point.dev or 0.0)
    rng = random.Random(5)
    rng.shuffle(tried)
    for i, point in enumerate(tried):
        value = point.dev or 0.0
        best = max(best, value)
        told.append(
            HistoryPoint(
                seconds=round(0.6 * (i + 1), 1),
                evaluations=i + 1,
                engine=point.engine,
                plm=point.plm,
                value=value,
                best=best,
                log_likelihood=point.log_likelihood,
            )
        )
    return tuple(told)


def finalist(role: str, i: int | None, test: float | None, gap: Gap | None = None) -> Finalist:
    """A row of the comparison; the majority class where i is None."""
    return Finalist(
        role=role,
        prompt=None if i is None else summary(i),
        dev=figure(0.5 if i is None else (0.87, 0.81, 0.84)[i % 3], 64),
        test=None if test is None else figure(test),
        cost=None if i is None else Cost(tokens=24.0 + i, passes=1, milliseconds=3.2 + i, numbers=2),
        to_best=gap,
    )


def task() -> TaskSummary:
    """What was searched on: two labels, 16 shots."""
    return TaskSummary(
        name="sst2",
        kind="classification",
        labels=LABELS,
        metric="accuracy",
        source="folder data/sst2",
        fingerprint="0f" * 32,
        splits={"train": 32, "dev": 64, "test": 872},
        shots=16,
        seed=0,
    )


def prompt_file() -> dict[str, JsonValue]:
    """A prompt file, in short."""
    return {
        "format": "promptsearch/prompt",
        "version": 1,
        "template": BEST,
        "verbalizer": {
            "labels": [
                {"label": label, "name": label, "answers": [{"text": word, "weight": 1.0}]}
                for label, word in zip(LABELS, WORDS[0])
            ]
        },
        "plm": {"reference": MINILM},
    }


def _document(points: tuple[CandidatePoint, ...], seconds: float) -> ReportDocument:
    return ReportDocument(
        created="2026-08-30T12:00:00+00:00",
        task=task(),
        answer="84.1 % accuracy on 872 test examples (95 % interval 80.1 to 88.1), against 79.2 % for the "
        "manual prompt and 50.9 % for the majority class.",
        verdicts=(
            "On these 64 dev examples, 3 of 12 compared prompts cannot be told apart from the best "
            "(exact McNemar tests, Holm-corrected at 5 %); the simplest of them was chosen.",
        ),
        notices=("The bundled sample stands in for sst2, which could not be found.",),
        prompt=prompt_file(),
        example="a gorgeous, witty, seductive movie. All in all, it was ▁▁▁.",
        use="from promptsearch import load_prompt\n\n"
        'prompt = load_prompt("best_prompt.json")\nprint(prompt.predict("a gorgeous, witty film"))',
        finalists=(
            finalist("best", 0, 0.841),
            finalist("best of its PLM", 2, 0.823, Gap(value=0.018, low=-0.007, high=0.043, p_value=0.16)),
            finalist("manual", 1, 0.792, Gap(value=0.049, low=0.021, high=0.077, p_value=0.0006)),
            finalist("majority class", None, 0.509, Gap(value=0.332, low=0.29, high=0.37, p_value=0.0)),
        ),
        compared=min(len(points), 40),
        alike=3,
        candidates=points,
        n_candidates=len(points) + 240,
        rejected=("the answer slot is not last, and the PLM reads only left to right",),
        history=history_of(points),
        importances=(
            Importance(parameter="template", share=0.55),
            Importance(parameter="label words", share=0.25),
            Importance(parameter="PLM", share=0.15),
            Importance(parameter="calibration", share=0.05),
        ),
        confusion=Confusion(labels=LABELS, counts=((348, 78, 2), (59, 385, 0))),
        hardest=hardest(),
        sensitivity=sensitivity(),
        transfer=Transfer(plms=(MINILM, SMOLLM2), rows=((0.87, 0.71), (None, 0.84))),
        seeds=seeds(),
        sections=sections(),
        triggers=(course(), course(SMOLLM2, 50)),
        seconds=seconds,
        command="promptsearch discover --task sst2 --data data/sst2 --shots 16 --minutes 10",
        environment={"promptsearch": "0.1.0", "torch": "2.13.0", "device": "cpu", "dtype": "float32"},
    )
