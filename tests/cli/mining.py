"""Pairs and text to mine in, small enough to count by hand."""

from __future__ import annotations

from pathlib import Path

TOWNS = {"Ada": "Rome", "Bo": "Oslo", "Cy": "Paris", "Di": "Lima", "Ed": "Cairo", "Flo": "Quito"}
QUICK = ("--dtype", "float32", "--device", "cpu", "--offline")


def write_pairs(path: str = "towns.csv", pairs: dict[str, str] | None = None) -> str:
    """A file of pairs under the names x and y."""
    lines = ["x,y", *(f'"{x}","{y}"' for x, y in (pairs or TOWNS).items())]
    Path(path).write_text("\n".join(lines) + "\n", "utf-8")
    return path


def write_text(path: str = "towns.txt", pairs: dict[str, str] | None = None) -> str:
    """`X was born in Y` for every pair, `Y is home to X` for three, and a sentence of no pair."""
    pairs = pairs or TOWNS
    lines = [f"{x} was born in {y}." for x, y in pairs.items()]
    lines += [f"{y} is home to {x}." for x, y in list(pairs.items())[:3]]
    lines += ["Ada never saw Oslo."]
    Path(path).write_text("\n".join(lines) + "\n", "utf-8")
    return path


def write_texts(folder: str = "texts", files: int = 8) -> str:
    """Text in several files, each of which is counted by itself; the glob that names them."""
    Path(folder).mkdir()
    for number, (x, y) in enumerate(list(TOWNS.items()) * 2):
        if number < files:
            write_text(f"{folder}/{number}.txt", {x: y})
    return f"{folder}/*.txt"
