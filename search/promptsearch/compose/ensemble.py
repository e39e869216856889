"""Several prompts that answer together (LPAQA, Jiang et al. 2020, section 4.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from promptsearch.artefact import EvaluationRecord, PromptDocument, ProvenanceRecord, TaskRecord
from promptsearch.artefact.io import parse_document, prompt_json, read_file_text, validated
from promptsearch.compose.documents import EnsembleDocument
from promptsearch.errors import DataError
from promptsearch.paths import atomic_write
from promptsearch.predicting import Prediction, Texts, predict_texts
from promptsearch.prompt import Prompt, prompt_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from promptsearch.plms.base import PLM, AnswerStates
    from promptsearch.tasks.task import Example
    from promptsearch.verbalizer import Label

    Scored: TypeAlias = NDArray[np.float64]


@dataclass
class PromptEnsemble:
    """Prompts of one PLM or several, whose label log-probabilities are added up with weights.

    Made by `of` or `load`. PLMs are loaded when they are first needed, each once; those that only members of
    weight 0 use are not loaded to predict.

    Attributes:
        members: in the order of the document's.
    """

    document: EnsembleDocument
    members: tuple[Prompt, ...]

    @classmethod
    def of(
        cls,
        members: Sequence[Prompt],
        weights: Sequence[float] | None = None,
        *,
        task: TaskRecord | None = None,
        evaluation: Sequence[EvaluationRecord] = (),
        provenance: ProvenanceRecord | None = None,
    ) -> PromptEnsemble:
        """An ensemble of prompts.

        Args:
            weights: one per member, summing to 1; equal ones where left out.
            task: what it was made for; that of the members where it is the same for all.

        Raises:
            PromptFileError: weights that are none, members of other labels or fields, or members that need
                arrays beside their file (readouts, soft tokens).
        """
        documents = [member.document for member in members]
        values = {
            "weights": [1 / max(1, len(members))] * len(members)
            if weights is None
            else [float(weight) for weight in weights],
            "members": documents,
            "task": task or _common_task(documents),
            "evaluation": tuple(evaluation),
            "provenance": provenance,
        }
        return cls(validated(values, EnsembleDocument), tuple(members))

    @classmethod
    def load(cls, path: str | PathLike[str], **options: Any) -> PromptEnsemble:
        """`load_ensemble`."""
        return load_ensemble(path, **options)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the ensemble file under a temporary name, then rename it.

        Raises:
            StorageError: it cannot be written.
        """
        atomic_write(Path(path), prompt_json(self.document))

    # What it is ----------------------------------------------------------------------------------

    @property
    def weights(self) -> tuple[float, ...]:
        """One per member, summing to 1."""
        return self.document.weights

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that a text must give."""
        return self.members[0].fields

    @property
    def labels(self) -> tuple[Label, ...]:
        """The labels, in order."""
        return self.members[0].labels

    @property
    def label_names(self) -> tuple[str, ...]:
        """Readable names of the labels, all different."""
        return self.members[0].label_names

    @property
    def plm_references(self) -> tuple[str, ...]:
        """What the PLMs are called, each once."""
        return tuple(dict.fromkeys(member.document.plm.reference for member in self._active()))

    @property
    def plms(self) -> tuple[PLM, ...]:
        """The PLMs that answer, each once; loaded on first use.

        Raises:
            PLMError: one cannot be had, or its weights are others than those a member was found on.
        """
        return tuple(plm for plm, _ in _by_plm(self._active()))

    def check_fields(self, known: Sequence[str]) -> None:
        """Refuse the fields of a task where they lack one that is read.

        Raises:
            TemplateError: pointing at the field.
        """
        for member in self.members:
            member.check_fields(known)

    # What it says --------------------------------------------------------------------------------

    def predict(self, texts: Texts) -> list[Prediction]:
        """Predict the label of each text, as `Prompt.predict` does; a text is shortened if one member cut it.

        Raises:
            DataError: a text lacks a field.
            PLMError: a PLM cannot be had.
        """
        return predict_texts(self, texts)

    def label_log_probs(self, examples: Sequence[Example], keep: bool = True) -> Scored:
        """Log-probability of each label: (n, labels), normalised over labels; NaN if unscored.

        Args:
            keep: whether answer states may be written to the cache on disk.
        """
        from promptsearch.scoring.ensemble import combine

        active = [weight for weight in self.weights if weight > 0]
        return combine(_log_probs(self._active(), examples, keep), active)

    def member_log_probs(self, examples: Sequence[Example], keep: bool = True) -> Scored:
        """What each member says by itself, those of weight 0 too: (members, n, labels)."""
        return _log_probs(self.members, examples, keep)

    def shortened(self, examples: Sequence[Example]) -> NDArray[np.bool_]:
        """Whether a member cuts a field of each example to fit its PLM: (n,)."""
        import numpy as np

        _by_plm(self._active())
        return np.any([member.shortened(examples) for member in self._active()], axis=0)

    def fitted(self, examples: Sequence[Example], strength: float | None = None) -> PromptEnsemble:
        """The same members, with weights under which labelled examples are most likely.

        Args:
            examples: with labels as indices into `labels`; those without are left out.
            strength: pull to equal weights, see `promptsearch.scoring.fit_weights`.

        Raises:
            DataError: no example has a label.
        """
        from promptsearch.scoring.ensemble import STRENGTH, fit_weights

        labelled = [example for example in examples if example.label is not None]
        if not labelled:
            raise DataError("the weights of an ensemble are fitted on labelled examples, and there are none")
        weights = fit_weights(
            self.member_log_probs(labelled),
            [example.label for example in labelled],
            STRENGTH if strength is None else strength,
        )
        # Figures of other weights are not those of these.
        parts = {"weights": tuple(weights.tolist()), "evaluation": ()}
        return replace(self, document=self.document.model_copy(update=parts))

    def _active(self) -> list[Prompt]:
        """Members that count."""
        return [member for member, weight in zip(self.members, self.weights) if weight > 0]


def load_ensemble(path: str | PathLike[str], **options: Any) -> PromptEnsemble:
    """Read an ensemble file; PLMs are loaded when the ensemble is first used.

    Args:
        options: `device`, `offline` and `trust_remote_code` of `Prompt`, for all members.

    Raises:
        PromptFileError: the file is missing, damaged or of another or a newer format.
    """
    return _ensemble(parse_document(read_file_text(path), str(path), EnsembleDocument), options)


def load_prompt_or_ensemble(path: str | PathLike[str], **options: Any) -> Prompt | PromptEnsemble:
    """Read a prompt file or an ensemble file, whichever it says it is.

    Args:
        options: `device`, `offline` and `trust_remote_code` of `Prompt`.

    Raises:
        PromptFileError: the file is missing, damaged or of another or a newer format.
    """
    document = parse_document(read_file_text(path), str(path), PromptDocument, EnsembleDocument)
    if isinstance(document, EnsembleDocument):
        return _ensemble(document, options)
    return prompt_of(document, path, **options)


def _ensemble(document: EnsembleDocument, options: dict[str, Any]) -> PromptEnsemble:
    return PromptEnsemble(document, tuple(Prompt(member, **options) for member in document.members))


def _common_task(documents: Sequence[PromptDocument]) -> TaskRecord | None:
    task = documents[0].task if documents else None
    return task if all(document.task == task for document in documents) else None


def _by_plm(members: Sequence[Prompt]) -> list[tuple[PLM, list[int]]]:
    """The PLMs of members with the members' positions; what several members name is loaded once."""
    loaded: dict[tuple[object, ...], PLM] = {}
    groups: dict[int, tuple[PLM, list[int]]] = {}
    for i, member in enumerate(members):
        wanted = member.document.plm
        key = (
            wanted.reference,
            wanted.revision,
            wanted.dtype,
            member.device,
            member.offline,
            member.trust_remote_code,
            member.document.tuned,
        )
        if key in loaded and not member.has_plm:
            member.use(loaded[key])
        loaded.setdefault(key, member.plm)
        groups.setdefault(id(member.plm), (member.plm, []))[1].append(i)
    return list(groups.values())


def _log_probs(members: Sequence[Prompt], examples: Sequence[Example], keep: bool) -> Scored:
    """Label log-probabilities of each member: (members, n, labels)."""
    import numpy as np

    found = np.empty((len(members), len(examples), len(members[0].labels)))
    for plm, positions in _by_plm(members):
        states = dict(_states(plm, [(i, members[i]) for i in positions], examples, keep))
        for i in positions:
            found[i] = members[i].label_log_probs(examples, keep, states.get(i))
    return found


def _states(
    plm: PLM, members: Sequence[tuple[int, Prompt]], examples: Sequence[Example], keep: bool
) -> Iterator[tuple[int, AnswerStates]]:
    """Answer states of the members that read them, in one go: a causal PLM shares their left parts."""
    reading = [(i, member) for i, member in members if _reads_states(member)]
    templates = [member.template for _, member in reading]
    if templates:
        yield from zip((i for i, _ in reading), plm.answer_states_of(templates, examples, keep))


def _reads_states(member: Prompt) -> bool:
    """Whether answers of one token are among the member's; others take passes of their own."""
    from promptsearch.readings import answer_tokens

    words = member.verbalizer
    if member.document.decomposition is not None:
        return False
    if member.scoring.normalisation == "pmi":
        return False
    tokens = answer_tokens(member.plm, member.template, words.words, words.case)
    return any(len(forms[0]) == 1 for forms in tokens)
