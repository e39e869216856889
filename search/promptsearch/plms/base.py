"""The interface every PLM adapter offers, and the answer states it returns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from promptsearch.errors import PLMError
from promptsearch.plms.free import FreeReader
from promptsearch.tasks.task import Example
from promptsearch.template import Template

FloatArray = NDArray[np.float32]
Family = Literal["masked", "causal", "seq2seq"]
Normalisation = Literal["sum", "token", "pmi"]
MaskFilling = Literal["at-once", "left-to-right"]


@dataclass(frozen=True)
class PLMIdentity:
    """What must be equal for two PLMs to give the same figures."""

    reference: str
    revision: str | None
    family: Family
    weights_sha256: str

    @property
    def reads_right(self) -> bool:
        """Whether text after the answer slot is read too; a causal PLM reads from left to right."""
        return self.family != "causal"


@dataclass(frozen=True)
class AnswerStates:
    """All that a single-token verbalizer can ask of a PLM about n prompts.

    logit(word) = hidden · E[word] + b[word], log p(word) = logit(word) - log_partition, where E, b are
    the PLM's output embeddings.

    Attributes:
        hidden: (n, d) float32, the input of the output-embedding layer at the answer position.
        log_partition: (n,) float32, log-sum-exp of the logits over the whole vocabulary.
        tokens: (n,) int32, prompt length in tokens.
        shortened: (n,) bool, whether a field was cut to fit.
    """

    hidden: FloatArray
    log_partition: FloatArray
    tokens: NDArray[np.int32]
    shortened: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.log_partition)

    def rows(self, chosen: Sequence[int] | NDArray[np.int64]) -> AnswerStates:
        """The states of some of the prompts, in the order of `chosen`."""
        at = np.asarray(chosen, dtype=np.int64)
        return AnswerStates(self.hidden[at], self.log_partition[at], self.tokens[at], self.shortened[at])


@dataclass(frozen=True)
class AnswerScoring:
    """How an answer of several tokens becomes one log-probability.

    Attributes:
        normalisation: `sum` of the token log-probabilities; `token`, their mean; or `pmi`, the sum minus
            the same sum under the template with empty fields (PMI_DC, Holtzman et al. 2021).
        filling: on a masked PLM an answer of k tokens stands at k masks, which are read `at-once`
            (one pass) or `left-to-right` (k passes, the tokens before filled in).
    """

    normalisation: Normalisation = "sum"
    filling: MaskFilling = "at-once"


SUMMED = AnswerScoring()


class PLM(ABC):
    """A pretrained language model, asked at one answer position per prompt.

    Adapters differ in how they lay out tokens and share work; results do not depend on the batch size,
    the order of the examples or what is cached, up to 1e-4 in float32.
    """

    identity: PLMIdentity
    max_tokens: int
    dtype: str

    @abstractmethod
    def watch(self, progress: Callable[[int, int], None]) -> None:
        """Have `progress(done, total)` told how many prompts went through the model."""

    @abstractmethod
    def check_template(self, template: Template) -> None:
        """Refuse a template that this PLM cannot read.

        Raises:
            TemplateError: text after the slot of a causal PLM, slots still to be found.
        """

    @abstractmethod
    def answer_states(
        self, template: Template, examples: Sequence[Example], keep: bool = True
    ) -> AnswerStates:
        """One forward pass per example, kept as answer states, in the order of the examples.

        Args:
            keep: whether they may be written to a cache on disk, for texts that will come again.

        Raises:
            TemplateError: the template cannot work on this PLM, or its words alone exceed the context.
        """

    @abstractmethod
    def answer_states_of(
        self, templates: Sequence[Template], examples: Sequence[Example], keep: bool = True
    ) -> list[AnswerStates]:
        """`answer_states` of many templates on the same examples, sharing what can be shared."""

    @abstractmethod
    def shortened(self, template: Template, examples: Sequence[Example]) -> NDArray[np.bool_]:
        """Whether a field of each example has to be cut to fit the context: (n,)."""

    @abstractmethod
    def word_ids(self, template: Template, words: Sequence[str]) -> list[list[int]]:
        """Token ids of each word as it stands in the template's answer slot.

        Raises:
            VerbalizerError: naming the word the tokenizer maps to its unknown token.
        """

    @abstractmethod
    def spelled_ids(self, template: Template, words: Sequence[str]) -> list[list[int] | None]:
        """`word_ids`, with None for a word that cannot be spelled."""

    @abstractmethod
    def word_scores(self, states: AnswerStates, token_ids: Sequence[int]) -> FloatArray:
        """Log-probability of single tokens at the answer position: (n, len(token_ids))."""

    @abstractmethod
    def output_embeddings(self, token_ids: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Rows of the output embeddings E and of the bias b, see `AnswerStates`: (m, d) and (m,).

        A factor that the PLM puts on its logits is in them; a soft cap, which is not linear, is not.
        """

    @abstractmethod
    def vocabulary(self, after: str = "") -> tuple[str, ...]:
        """The text of each token by itself, or where it follows `after`, in the order of their ids."""

    @abstractmethod
    def answer_log_probs(
        self,
        template: Template,
        examples: Sequence[Example],
        answers: Sequence[str],
        scoring: AnswerScoring = SUMMED,
    ) -> FloatArray:
        """Log-probability of answers of any length: (n, len(answers))."""

    def free_reader(self, template: Template, examples: Sequence[Example], reuse: bool = True) -> FreeReader:
        """Prompts whose trigger or soft tokens are still to be found, to be read with tokens or vectors.

        Args:
            reuse: whether what stands left of the first free place may be computed once and kept, for a PLM
                whose weights stay as they are.

        Raises:
            PLMError: this PLM gives no gradients.
            TemplateError: the template has no free place, or cannot work on this PLM.
        """
        raise PLMError(
            f"{self.identity.reference} gives no gradients, so its prompts cannot be searched by them",
            hint="Take a PLM that runs in this process.",
        )
