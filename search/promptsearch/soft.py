"""Soft tokens that have been found: vectors in place of the embeddings of words."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from promptsearch.errors import TemplateError
from promptsearch.pieces import Soft, Trigger, quoted
from promptsearch.template import Template

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class SoftVectors:
    """Vectors for the soft tokens of a template. Equal where their numbers and groups are.

    Attributes:
        array: (m, d) float32, in the order of the template; d is the width of the PLM's input embeddings.
        groups: how many of them each soft piece of the template takes, in order; they sum to m.

    Raises:
        ValueError: an array of another shape, or that holds a value which is no finite number.
    """

    array: FloatArray
    groups: tuple[int, ...]

    def __post_init__(self) -> None:
        array = np.array(self.array, dtype=np.float32, order="C")
        array.setflags(write=False)
        object.__setattr__(self, "array", array)
        if array.ndim != 2 or 0 in array.shape:
            raise ValueError(f"vectors should have the shape (tokens, width), not {array.shape}")
        if not self.groups or min(self.groups) < 1 or sum(self.groups) != len(array):
            raise ValueError(f"{len(array)} vectors do not make groups of {self.groups}")
        if not np.isfinite(array).all():
            raise ValueError("the vectors hold a value that is no finite number")

    def __len__(self) -> int:
        """m, the number of soft tokens."""
        return len(self.array)

    @property
    def width(self) -> int:
        """d, the length of each vector."""
        return self.array.shape[1]

    def split(self, count: int) -> list[SoftVectors]:
        """The vectors of so many templates with the same groups, one after the other.

        Raises:
            ValueError: there are not so many times the same groups.
        """
        size, groups = len(self) // count, self.groups[: len(self.groups) // count]
        if groups * count != self.groups:
            raise ValueError(f"groups of {self.groups} are not {count} times the same")
        return [SoftVectors(self.array[start : start + size], groups) for start in range(0, len(self), size)]

    @cached_property
    def sha256(self) -> str:
        """Over numbers and groups (hex, 64 digits)."""
        head = f"{self.array.shape}{self.groups}".encode()
        return hashlib.sha256(head + self.array.astype("<f4").tobytes()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SoftVectors) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)


@dataclass(frozen=True)
class SoftTemplate(Template):
    """A template with the vectors of its soft tokens; `str` gives its source, which does not hold them.

    It goes wherever a template of words goes: PLMs read it, and caches tell it by its vectors as well.

    Raises:
        TemplateError: the template has no soft tokens, or others than there are vectors for.
    """

    vectors: SoftVectors

    def __post_init__(self) -> None:
        super().__post_init__()
        counts = [piece.count for piece in self.pieces if isinstance(piece, Soft)]
        groups = self.vectors.groups
        if len(counts) != len(groups) or any(
            count not in (None, size) for count, size in zip(counts, groups)
        ):
            raise TemplateError(
                f"the template's soft tokens are not those of the vectors, which are for groups of "
                f"{', '.join(map(str, groups))}",
                where=quoted(str(self)),
            )

    @classmethod
    def of(cls, template: Template, vectors: SoftVectors) -> SoftTemplate:
        """The template with these vectors; raises as the class."""
        return cls(template.pieces, vectors)

    @property
    def unfilled(self) -> Template:
        """The template alone, whose soft tokens are still to be found."""
        return Template(self.pieces)

    @property
    def has_free_slots(self) -> bool:
        return any(isinstance(piece, Trigger) for piece in self.pieces)

    @property
    def key(self) -> str:
        return f"{self} {self.vectors.sha256}"
