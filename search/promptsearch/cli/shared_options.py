"""Options that stand together in several commands, behind each one's own; see `taking.takes`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptsearch.cli import options, screen

if TYPE_CHECKING:
    from promptsearch.compose import PromptEnsemble
    from promptsearch.prompt import Prompt


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """Of what searches."""

    max_test: options.MaxTest = None
    out: options.Out = None
    device: options.Device = "auto"
    dtype: options.Dtype = "auto"
    no_stand_in: options.NoStandIn = False
    offline: options.Offline = False
    trust_remote_code: options.TrustRemoteCode = False
    json: options.Json = False
    quiet: options.Quiet = False

    @property
    def in_search(self) -> dict[str, Any]:
        """These as arguments of `DiscoverConfig`."""
        return {
            "max_test": self.max_test,
            "out": self.out,
            "device": self.device,
            "dtype": self.dtype,
            "stand_in": not self.no_stand_in,
            "offline": self.offline,
            "trust_remote_code": self.trust_remote_code,
        }


def refuse_beside_resume(given: Any, anew: Sequence[str]) -> None:
    """Refuse options that have no effect beside --resume, rather than seem to follow them.

    Args:
        given: a dataclass of options.
        anew: names of its fields that may be given anew.

    Raises:
        OptionError: naming the first one that a run keeps.
    """
    from promptsearch.errors import OptionError

    quiet = ("resume", "json", "quiet")
    *most, last = (f"--{name.replace('_', '-')}" for name in anew)
    for name in _given(given):
        if name not in (*quiet, *anew):
            raise OptionError(
                f"{_flag(name)} cannot be given with --resume: the run keeps what it was begun with",
                hint=f"{', '.join(most)} and {last} may be given anew.",
            )


def refuse_idle(given: Any, names: Sequence[str], why: str) -> None:
    """Refuse options that would do nothing, rather than seem to follow them.

    Args:
        given: a dataclass of options.
        names: of its fields that do nothing.
        why: with what they do nothing.

    Raises:
        OptionError: naming the first one that was given.
    """
    from promptsearch.errors import OptionError

    for name in _given(given):
        if name in names:
            raise OptionError(f"{_flag(name)} does nothing with {why}", hint="Leave it out.")


def _given(options: Any) -> list[str]:
    """Names of the fields of a dataclass of options that are not at their defaults."""
    return [each.name for each in fields(options) if getattr(options, each.name) not in (each.default, [])]


def _flag(name: str) -> str:
    return "--map" if name == "mapping" else f"--{name.replace('_', '-')}"


@dataclass(frozen=True, kw_only=True)
class ScoreOptions:
    """Of what scores saved prompts."""

    device: options.Device = "auto"
    no_stand_in: options.NoStandIn = False
    offline: options.Offline = False
    trust_remote_code: options.TrustRemoteCode = False
    json: options.Json = False
    quiet: options.Quiet = False

    def load(self, path: Path) -> Prompt | PromptEnsemble:
        """The prompt or ensemble of a file.

        Raises:
            PromptSearchError: the file or its PLM cannot be read.
        """
        from promptsearch.compose import load_prompt_or_ensemble

        return load_prompt_or_ensemble(
            path, device=self.device, offline=self.offline, trust_remote_code=self.trust_remote_code
        )


@dataclass(frozen=True, kw_only=True)
class BenchOptions:
    """Of what measures."""

    out: options.Tables = None
    no_stand_in: options.NoStandIn = False
    offline: options.Offline = False
    json: options.Json = False
    quiet: options.Quiet = False


def measured(given: BenchOptions, measure: Callable[..., Any], page: Callable[[Any], str]) -> None:
    """Measure in steps, of which each writes --out anew, and deliver.

    Args:
        measure: takes a stage, a notice and what is measured so far, each to be told; gives it all, with
            a `record`.
        page: it as Markdown.

    Raises:
        StorageError: the file cannot be written.
    """
    from promptsearch.paths import atomic_write

    def keep(so_far: Any) -> None:
        if given.out is not None:
            atomic_write(given.out, page(so_far))

    with screen.watching(given.quiet or given.json) as observer:
        bench = measure(observer.stage, observer.notice, keep)
    deliver(page(bench), bench.record(), given.json, given.out)


def deliver(page: str, record: Any, json: bool, out: Path | None) -> None:
    """Print what was measured, as Markdown or as JSON; the Markdown into a file too where one is named.

    Raises:
        StorageError: the file cannot be written.
    """
    from promptsearch.paths import atomic_write

    if json:
        screen.print_json(record)
    else:
        print(page)
    if out is not None:
        atomic_write(out, page)
