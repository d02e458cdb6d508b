"""How near the rows of `unseen` come to a planted number of events, and how often their 95 % intervals hold it.

    python benchmarks/unseen_coverage.py [--quick]

Of 1,000 events, each table draws which lists have which. `independent`: three lists that hold a half, a third and a
quarter. `dependent`: the same, but the first two have an odds ratio of 4. `two`: two lists with an odds ratio of 5.
`unequal`: four lists independent for a given event, but three events in ten are listed by each with probability 0.6,
the others with 0.1, as large and small events are by press lists. A row is a model: the median of n_hat / 1,000
and the share of intervals that hold 1,000. The margin of 200 tables at 95 % is three points either way.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from mali_stats.models.unseen.unseen import unseen

EVENTS = 1000
RESULT = Path(__file__).parent / "results" / "unseen_coverage.csv"
HELD = (1 / 2, 1 / 3, 1 / 4)


def patterns(lists):
    return np.array(list(product((0, 1), repeat=lists)))


def independent(held):
    """Probabilities of all patterns of independent lists that hold these shares."""
    z = patterns(len(held))
    return np.where(z, held, 1 - np.array(held)).prod(axis=1)


def dependent(held, odds):
    """The same, with the first two lists' log-linear interaction at log(odds)."""
    z = patterns(len(held))
    share = independent(held) * odds ** (z[:, 0] * z[:, 1])
    return share / share.sum()


CELLS = {
    "independent": (independent(HELD), ("independence", "all pairs", "chao", "chao, k lists")),
    "dependent": (dependent(HELD, 4), ("independence", "a:b", "all pairs", "chao", "chao, k lists")),
    "two": (dependent(HELD[:2], 5), ("odds ratio 1", "odds ratio 5", "odds ratio 10", "chao, k lists")),
    "unequal": (
        0.3 * independent((0.6,) * 4) + 0.7 * independent((0.1,) * 4),
        ("independence", "all pairs", "all triples", "chao", "chao, k lists"),
    ),
}


def tables(share, replicates, seed=1):
    """Counts by pattern, one mapping a table; who is on no list is left out."""
    z = ["".join(map(str, row)) for row in patterns(int(np.log2(len(share))))]
    for draw in np.random.default_rng(seed).multinomial(EVENTS, share, replicates):
        yield dict(zip(z[1:], draw[1:], strict=True))


def measured(cell, replicates):
    """One row a model."""
    share, models = CELLS[cell]
    found = pd.concat(unseen(table, models=models).tidy() for table in tables(share, replicates))
    held = found["conf_low"].le(EVENTS) & found["conf_high"].ge(EVENTS)
    by = found.assign(ratio=found["n_hat"] / EVENTS, coverage=held).groupby("model", sort=False)
    return by.agg(ratio=("ratio", "median"), coverage=("coverage", "mean")).reset_index()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="20 tables a row; nothing is written")
    quick = parser.parse_args().quick
    replicates = 20 if quick else 200
    rows = [measured(cell, replicates).assign(cell=cell, tables=replicates) for cell in CELLS]
    out = pd.concat(rows)[["cell", "model", "tables", "ratio", "coverage"]].round(3)
    print(out.to_string(index=False))
    if not quick:
        out.to_csv(RESULT, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
