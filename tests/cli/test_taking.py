"""Options that are the fields of a dataclass."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import Parameter, signature

from promptsearch.cli.taking import takes


@dataclass(frozen=True, kw_only=True)
class Shared:
    quiet: bool = False


@dataclass(frozen=True, kw_only=True)
class Own(Shared):
    file: str
    seed: int = 3


def test_inherited_options_come_last_and_what_has_no_default_must_be_given():
    @takes(Own)
    def command(**values):
        return None

    told = [(each.name, each.annotation, each.default) for each in signature(command).parameters.values()]
    assert told == [("file", str, Parameter.empty), ("seed", int, 3), ("quiet", bool, False)]
