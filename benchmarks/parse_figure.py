"""How long `parse_figure` takes for 100 KB of text, best of five.

    python benchmarks/parse_figure.py

`prose` is made-up reporting with a figure in about every third sentence; `dense` is the hand-checked sentences of
the tests, which are figures and little else; `one sentence` has no full stop; the others are one piece of text over
and over, as no report is.
"""

from __future__ import annotations

import csv
import time
from pathlib import Path

from mali_stats.clean.figures.figures import parse_figure

SIZE = 100_000
SENTENCES = Path(__file__).parents[1] / "tests" / "clean" / "figure_sentences.csv"
PLAIN = (
    "The road to the river was closed for most of the week and the market did not open before noon. "
    "Les écoles de la ville sont restées fermées et le marché n'a pas ouvert avant midi. "
)


def texts():
    with SENTENCES.open(encoding="utf-8") as file:
        rows = [row["text"] for row in csv.DictReader(file)]
    yield "prose", " ".join(f"{PLAIN}{row}" for row in rows)
    yield "dense", " ".join(rows)
    yield "one sentence", ", ".join(row.rstrip(".") for row in rows)
    for hostile in (" ", "(12) ", "1 ", "1,", "one-", "quatre-vingt ", "\n", "12 000 "):
        yield repr(hostile), hostile


def main():
    parse_figure("12 morts, 3 wounded")  # compiles the words of both languages
    for name, text in texts():
        text = (text * (SIZE // len(text) + 1))[:SIZE]
        took = []
        for _ in range(5):
            start = time.perf_counter()
            found = parse_figure(text)
            took.append(time.perf_counter() - start)
        print(f"{name:<14}{len(found):>6} figures {min(took):6.2f} s")


if __name__ == "__main__":
    main()
