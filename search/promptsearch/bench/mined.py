"""How good mined templates are on facts: precision at 1 of each relation beside a manual template."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promptsearch.engines.base import Budget
from promptsearch.engines.manual import library_for
from promptsearch.engines.mining import MiningConfig, MiningEngine
from promptsearch.errors import DataError, TaskError
from promptsearch.plms.base import PLM
from promptsearch.readings import best_log_probs, read_labels
from promptsearch.scoring import combine, fit_none, fit_weights, layout, predict
from promptsearch.scoring.intervals import RESAMPLES
from promptsearch.study.observer import Observer
from promptsearch.tasks import draw_splits, load_task, sample_relations
from promptsearch.tasks.task import Example, Task, gold
from promptsearch.template import Template
from promptsearch.verbalizer import Verbalizer

WAYS = ("manual", "most support", "mined", "ensemble")
# Train facts that the weights of an ensemble are fitted on, and that templates are chosen by.
_READ = 150
_MEMBERS = 10


@dataclass(frozen=True)
class RelationResult:
    """Test figures of one relation on one PLM.

    Attributes:
        correct: way (one of `WAYS`) -> (n,) whether each test fact is right.
        templates: way -> the template.
        mined: templates that the text gave, and those of them that the PLM could read.
        weights: of the ensemble.
        dev: way -> precision at 1 on dev, where that was looked at.
    """

    relation: str
    correct: Mapping[str, NDArray[np.bool_]]
    templates: Mapping[str, str]
    mined: tuple[int, int]
    weights: tuple[float, ...]
    dev: Mapping[str, float]
    objects: int
    seconds: float
    notices: tuple[str, ...] = ()

    def value(self, way: str) -> float:
        """Precision at 1 on test."""
        return float(self.correct[way].mean())


@dataclass(frozen=True)
class MacroDifference:
    """Mean over relations of the difference in precision at 1, with its paired interval."""

    value: float
    low: float
    high: float


def macro_difference(results: Sequence[RelationResult], way: str, against: str = "manual") -> MacroDifference:
    """How much better one way is than another, each relation counting alike.

    The interval is a bootstrap of 2,000 resamples: facts are drawn within each relation, both ways together.
    """
    generator = np.random.default_rng(0)
    draws = np.zeros(RESAMPLES)
    value = 0.0
    for result in results:
        difference = result.correct[way].astype(float) - result.correct[against].astype(float)
        chosen = generator.integers(0, len(difference), size=(RESAMPLES, len(difference)))
        draws += difference[chosen].mean(axis=1)
        value += float(difference.mean())
    low, high = np.quantile(draws / len(results), [0.025, 0.975])
    return MacroDifference(value / len(results), float(low), float(high))


def manual_templates(path: Path) -> dict[str, str]:
    """relation -> template from JSON lines of `relation` and `template`, with [X] and [Y] as in LAMA.

    Raises:
        DataError: the file cannot be read as such.
    """
    found = {}
    try:
        for line in filter(str.strip, path.read_text("utf-8-sig").splitlines()):
            row = json.loads(line)
            source = str(row["template"]).replace("[X]", "{subject}").replace("[Y]", "{mask}")
            found[row["relation"]] = source.replace(" .", ".").replace(" ,", ",")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"no manual templates can be read: {error}",
            where=str(path),
            hint='One JSON object a line, as {"relation": "P19", "template": "[X] was born in [Y] ."}.',
        ) from error
    return found


def library_templates(task: str) -> dict[str, str]:
    """relation -> the library's first template, for the relations that a bundled sample has."""
    found = {}
    for relation in sample_relations(task):
        loaded = load_task(f"{task}:{relation}")
        found[relation] = str(library_for(loaded, "masked")[0].template)
    return found


def record(result: RelationResult) -> dict[str, Any]:
    """As JSON."""
    return {
        "relation": result.relation,
        "n": len(result.correct["manual"]),
        "objects": result.objects,
        "precision_at_1": {way: result.value(way) for way in WAYS},
        "templates": dict(result.templates),
        "mined": list(result.mined),
        "weights": list(result.weights),
        "dev": dict(result.dev),
        "seconds": round(result.seconds, 2),
    }


def measure(
    task: str,
    manual: Mapping[str, str],
    plms: Sequence[PLM],
    config: MiningConfig,
    seed: int = 0,
    observer: Observer | None = None,
    max_facts: int | None = None,
) -> tuple[dict[str, list[RelationResult]], list[str]]:
    """Every relation that has facts: PLM -> results; and what was left out.

    Templates are mined with train pairs, ranked by each PLM on train, chosen on dev and scored on test once.
    The answer space is the relation's objects, of all splits.

    Raises:
        TemplateError: a manual template cannot work.
        DataError: no relation is left.
    """
    observer = observer or Observer()
    templates = {relation: Template.parse(source) for relation, source in manual.items()}
    results: dict[str, list[RelationResult]] = {plm.identity.reference: [] for plm in plms}
    left_out: list[str] = []
    for relation, template in templates.items():
        try:
            drawn = draw_splits(load_task(f"{task}:{relation}"), shots=None, seed=seed, max_test=max_facts)
            drawn = replace(drawn, splits={**drawn.splits, "dev": drawn.dev[:max_facts]})
        except (TaskError, DataError) as error:
            left_out.append(f"{relation}: {error.message}")
            continue
        observer.stage(f"{relation}: mining")
        engine = MiningEngine(config)
        engine.mine(drawn)
        for plm in plms:
            name = plm.identity.reference
            observer.stage(f"{relation}: {name}")
            results[name].append(_of_relation(relation, drawn, engine, plm, template, seed))
    if len(left_out) == len(templates):
        raise DataError("there is no relation to measure", where=task, hint="; ".join(left_out) or None)
    return results, left_out


def _of_relation(
    relation: str, task: Task, engine: MiningEngine, plm: PLM, manual: Template, seed: int
) -> RelationResult:
    start = time.monotonic()
    if not plm.identity.reads_right:
        # What stands behind the answer cannot be read from left to right.
        manual = Template(manual.pieces[: manual.slot + 1])
    verbalizer = Verbalizer.of([str(label) for label in task.labels], task.labels)
    found = list(engine.search(task, plm, Budget(), seed))
    candidates = [candidate.template for candidate in found]
    mined = engine.mine(task)
    usable = [t for m in mined.templates if (t := _form(m, plm)) is not None]
    asked = _Asked(plm, verbalizer, task)
    train, dev = list(task.train)[:_READ], list(task.dev)
    on_train = [asked.log_probs(template, train) for template in candidates]
    on_dev = [asked.log_probs(template, dev) for template in candidates]
    on_both = [np.concatenate(each) for each in zip(on_train, on_dev)]
    best = best_answering(on_both, np.asarray(gold([*train, *dev])))
    chosen = manual if best is None else candidates[best]
    members = candidates[:_MEMBERS]
    weights = fit_weights(np.stack(on_train[:_MEMBERS]), gold(train)).tolist() if len(members) > 1 else ()
    templates = {"manual": manual, "most support": usable[0] if usable else manual, "mined": chosen}
    right = {way: asked.correct(template, task.test) for way, template in templates.items()}
    right["ensemble"] = asked.together(members, weights, task.test) if weights else right["mined"]
    return RelationResult(
        relation,
        right,
        {way: str(template) for way, template in templates.items()},
        (len(mined.templates), len(usable)),
        tuple(weights),
        {"manual": _share(asked.log_probs(manual, dev), dev)}
        | {"mined": 0.0 if best is None else _share(on_dev[best], dev)},
        len(task.labels),
        time.monotonic() - start,
        task.notices,
    )


def best_answering(log_probs: Sequence[NDArray[np.float64]], right: NDArray[np.int64]) -> int | None:
    """The template whose answers fit best, facts and objects counting alike; of equal ones the likelier.

    The mean of two shares: of right answers among all facts, and among those of each object, averaged over
    objects. By the first alone, one that gives the most frequent object of the train facts to any subject
    may win, which is worth nothing where other objects are asked for. So that an object of one fact does not
    decide, each object's share is taken with one fact more, answered as all facts are on average.

    Args:
        log_probs: for each template (n, objects).
        right: (n,) the right objects.
    """
    if not log_probs:
        return None
    facts, figures = np.bincount(right), []
    asked = facts > 0
    for each in log_probs:
        hits = predict(each) == right
        by_object = (np.bincount(right, weights=hits)[asked] + hits.mean()) / (facts[asked] + 1)
        likelihood = float(each[np.arange(len(right)), right].mean())
        figures.append((round(float(hits.mean() + by_object.mean()) / 2, 6), likelihood))
    return max(range(len(figures)), key=figures.__getitem__)


def _share(log_probs: NDArray[np.float64], examples: Sequence[Example]) -> float:
    """Precision at 1."""
    return float((predict(log_probs) == np.asarray(gold(examples))).mean())


def _form(mined: Any, plm: PLM) -> Template | None:
    return mined.cloze if plm.identity.reads_right else mined.prefix


@dataclass(frozen=True)
class _Asked:
    """One PLM asked for the objects of one relation."""

    plm: PLM
    verbalizer: Verbalizer
    task: Task

    def log_probs(self, template: Template, examples: Sequence[Example]) -> NDArray[np.float64]:
        states = self.plm.answer_states(template, examples, keep=False)
        words = self.verbalizer.words
        scores = best_log_probs(self.plm, template, words, examples, states)
        return read_labels(scores, layout(self.verbalizer, words), fit_none())

    def correct(self, template: Template, examples: Sequence[Example]) -> NDArray[np.bool_]:
        return predict(self.log_probs(template, examples)) == np.asarray(gold(examples))

    def together(
        self, members: Sequence[Template], weights: Sequence[float], examples: Sequence[Example]
    ) -> NDArray[np.bool_]:
        used = [(t, w) for t, w in zip(members, weights) if w > 1e-6]
        shares = np.array([w for _, w in used])
        stacked = np.stack([self.log_probs(template, examples) for template, _ in used])
        return predict(combine(stacked, shares / shares.sum())) == np.asarray(gold(examples))


def with_places(config: MiningConfig, corpora: Sequence[str]) -> MiningConfig:
    """The config with the text that was given, if any was."""
    return replace(config, corpora=tuple(corpora)) if corpora else config


def markdown(plm: str, results: Sequence[RelationResult]) -> str:
    """A section of the report: one line a relation, then means over relations."""
    from promptsearch.report.marks import table

    rows: list[tuple[str, ...]] = []
    for r in results:
        values = [f"{100 * r.value(way):.1f}" for way in WAYS]
        better = r.value("mined") - r.value("manual")
        mark = "+" if better > 0 else "=" if better == 0 else "-"
        n = len(r.correct["manual"])
        rows.append(
            (r.relation, str(n), str(r.objects), *values, mark, r.templates["manual"], r.templates["mined"])
        )
    macro = [f"{100 * float(np.mean([r.value(way) for r in results])):.1f}" for way in WAYS]
    rows.append(("macro mean", str(sum(len(r.correct["manual"]) for r in results)), "", *macro, "", "", ""))
    titles = ("relation", "n", "objects", *WAYS, "", "manual template", "mined template")
    equal = sum(r.value("mined") >= r.value("manual") for r in results)
    lines = [
        f"Mined equals or beats manual on **{equal} of {len(results)}** relations; ensemble on "
        f"{sum(r.value('ensemble') >= r.value('manual') for r in results)}."
    ]
    for way in ("most support", "mined", "ensemble"):
        d = macro_difference(results, way)
        lines.append(
            f"{way} - manual, macro: {100 * d.value:+.1f} points "
            f"(95 % interval {100 * d.low:+.1f} to {100 * d.high:+.1f})."
        )
    seconds = sum(r.seconds for r in results)
    lines.append(f"Ranking, choosing and scoring took {seconds:.0f} s in all.")
    return f"## {plm}\n\n{table(titles, rows)}\n\n" + "\n".join(f"- {line}" for line in lines) + "\n"
