"""A name for what a counter counts: two that count alike have the same, also in different processes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain
from pathlib import Path


def fingerprint(value: object) -> str:
    """sha256 (hex, 64 digits) over the types and attributes of `value`, and of all that it holds.

    Mappings and sets are taken without their order, lists and tuples with it. Takes little memory beside the
    value.

    Raises:
        TypeError: something in it cannot be described, as an open file.
    """
    return _digest(_described(value)).hex()


def _digest(tokens: Iterable[str]) -> bytes:
    digest = hashlib.sha256()
    for token in tokens:
        digest.update(f"{len(token)}:{token}".encode(errors="surrogatepass"))
    return digest.digest()


def _described(value: object) -> Iterator[str]:
    """The value as tokens; no two different values give the same ones."""
    if value is None or isinstance(value, str | bytes | int | float | complex):
        yield f"{type(value).__name__} {value!r}"
    elif isinstance(value, Mapping):
        yield from _unordered("mapping", (chain(_described(k), _described(v)) for k, v in value.items()))
    elif isinstance(value, AbstractSet):
        yield from _unordered("set", map(_described, value))
    elif isinstance(value, Sequence):
        yield f"sequence {len(value)}"
        for item in value:
            yield from _described(item)
    elif isinstance(value, re.Pattern | Path):
        yield f"{type(value).__name__} {value!s} {getattr(value, 'flags', '')}"
    elif isinstance(value, type):
        yield f"{value.__module__}.{value.__qualname__}"
    elif hasattr(value, "__dict__"):
        yield f"object {type(value).__module__}.{type(value).__qualname__}"
        yield from _described(vars(value))
    else:
        raise TypeError(f"a {type(value).__qualname__} has no fingerprint")


def _unordered(kind: str, items: Iterable[Iterable[str]]) -> Iterator[str]:
    digests = sorted(map(_digest, items))
    yield f"{kind} {len(digests)}"
    yield from map(bytes.hex, digests)
