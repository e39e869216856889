"""What an engine offers for a PLM: templates, each with the verbalizers to try it with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promptsearch.engines.base import Candidate
from promptsearch.study.vectors import vectors_json, vectors_of, with_vectors
from promptsearch.template import Template
from promptsearch.verbalizer import Answer, Verbalizer


@dataclass(frozen=True, order=True)
class Group:
    """One engine on one PLM."""

    plm: str
    engine: str

    @property
    def parameter(self) -> str:
        """Name of the study's parameter that says which template of the group."""
        return f"{self.plm}/{self.engine}"


@dataclass(frozen=True)
class Offer:
    """A template, and the candidates that differ in all but it."""

    template: Template
    candidates: tuple[Candidate, ...]


def offers_of(candidates: Iterable[Candidate]) -> tuple[Offer, ...]:
    """Candidates by template, in the order in which templates come."""
    by_template: dict[Template, list[Candidate]] = {}
    for candidate in candidates:
        by_template.setdefault(candidate.template, []).append(candidate)
    return tuple(Offer(template, tuple(found)) for template, found in by_template.items())


def as_json(offers: Sequence[Offer]) -> list[dict[str, Any]]:
    """Offers as they are told to other workers.

    Raises:
        ValueError: a candidate brings arrays, which stay with the worker that fitted them.
    """
    return [_candidate_json(candidate) for offer in offers for candidate in offer.candidates]


def from_json(entries: Iterable[Mapping[str, Any]]) -> tuple[Offer, ...]:
    """What `as_json` wrote."""
    return offers_of(_candidate(entry) for entry in entries)


def _candidate_json(candidate: Candidate) -> dict[str, Any]:
    if candidate.calibration is not None or candidate.readout is not None:
        raise ValueError(f"a candidate of {candidate.engine} that was fitted cannot be passed on")
    verbalizer, vectors = candidate.verbalizer, vectors_of(candidate)
    return {
        "template": str(candidate.template),
        **({} if vectors is None else {"vectors": vectors_json(vectors)}),
        "labels": list(verbalizer.labels),
        "answers": [[[a.text, a.weight] for a in answers] for answers in verbalizer.answers],
        "aggregation": verbalizer.aggregation,
        "case": verbalizer.case,
        "engine": candidate.engine,
        "provenance": dict(candidate.provenance),
        "baseline": candidate.baseline,
        "fitted": candidate.fitted,
    }


def _candidate(entry: Mapping[str, Any]) -> Candidate:
    answers = tuple(tuple(Answer(text, weight) for text, weight in label) for label in entry["answers"])
    verbalizer = Verbalizer(
        tuple(entry["labels"]), answers, aggregation=entry["aggregation"], case=entry["case"]
    )
    template = Template.parse(entry["template"])
    return Candidate(
        with_vectors(template, entry["vectors"]) if "vectors" in entry else template,
        verbalizer,
        entry["engine"],
        dict(entry["provenance"]),
        baseline=entry["baseline"],
        fitted=entry["fitted"],
    )
