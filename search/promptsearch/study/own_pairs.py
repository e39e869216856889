"""Pairs of one's own as rows of a task of facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from promptsearch.engines.mining.pairs import Fact, Pairs, no_pairs
from promptsearch.engines.mining.words import Words
from promptsearch.errors import DataError, near_matches
from promptsearch.tasks.catalogue import known_task
from promptsearch.tasks.facts import Triple, read_pairs


@dataclass(frozen=True)
class OwnPairs:
    """What a file of pairs holds, as `load_task(name, data=rows, kind="fact")` reads it.

    Attributes:
        name: the file's, with the relation behind it.
        rows: the chosen relation's pairs that can be mined with, then those of other relations.
        notices: which pairs were left out, and names that are found where they are not meant.
    """

    name: str
    rows: tuple[dict[str, object], ...]
    notices: tuple[str, ...]


def own_pairs(
    path: str | Path,
    relation: str | None = None,
    mapping: Mapping[str, str] | str | None = None,
    words: Words | None = None,
) -> OwnPairs:
    """Read a file of pairs, see `read_pairs`.

    Args:
        relation: which of the file's; where its rows name none, what to call theirs, so that hand-written
            templates of that relation are found.

    Raises:
        DataError: the file cannot be read, lacks a column or the relation, or no pair can be mined with.
        OptionError: a mapping that cannot be read.
    """
    path = Path(path).expanduser()
    stem = path.name.removesuffix(".gz").rsplit(".", 1)[0]
    relations = read_pairs(path, mapping)
    chosen = _chosen(relations, relation, stem, path)
    called = relation or chosen
    pairs = Pairs.of([(called, [Fact.of(triple) for triple in relations[chosen]])], words or Words())
    if not pairs.relations[called]:
        raise no_pairs(pairs.notices, str(path))
    rows = [_row(called, fact) for fact in pairs.relations[called]]
    for other, triples in relations.items():
        if other != chosen:
            rows += [_row(other, Fact.of(triple)) for triple in triples]
    return OwnPairs(_name(stem, called), tuple(rows), pairs.notices)


def _chosen(relations: Mapping[str, Sequence[Triple]], wanted: str | None, stem: str, path: Path) -> str:
    if wanted in relations:
        return str(wanted)
    unnamed = list(relations) == [stem]
    if len(relations) == 1 and (wanted is None or unnamed):
        return next(iter(relations))
    listed = ", ".join(relations)
    if wanted is None:
        raise DataError(
            f"the file holds pairs of {len(relations)} relations; templates are mined for one of them",
            where=str(path),
            hint=f"Choose one, for example --relation {next(iter(relations))}. Relations: {listed}.",
        )
    near = near_matches(wanted, relations, most=1)
    raise DataError(
        f"the file has no pairs of the relation {wanted}",
        where=str(path),
        hint=(f"Did you mean {near[0]}? " if near else "") + f"Relations: {listed}.",
    )


def _name(stem: str, relation: str) -> str:
    """A name that no known task has, whose fields would be looked for."""
    base = stem.replace(":", "-")
    if known_task(base) is not None or not base.strip():
        base = "pairs"
    return f"{base}:{relation}"


def _row(relation: str, fact: Fact) -> dict[str, object]:
    return {
        "relation": relation,
        "subject": fact.subject,
        "object": fact.object,
        "subject_aliases": list(fact.subject_aliases),
        "object_aliases": list(fact.object_aliases),
    }
