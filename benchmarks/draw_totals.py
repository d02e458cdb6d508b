"""How long `draw_totals` takes, how much memory, and how much faster it is than events one by one.

    /usr/bin/time -v python benchmarks/draw_totals.py [EVENTS GROUPS DRAWS]

Made-up events: sizes drawn from those of Mali's record (`ms.load("sizes")`), types and groups at random, the default
400,000 in 1,000 groups, 1,000 draws. The loop draws each event by its own `rvs` and adds it to its group; it is timed
on 2,000 of the events, and said for all of them.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
import pandas as pd

import mali_stats as ms

LOOPED = 2_000


def made_up(events: int, groups: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    sizes = ms.load("sizes").dropna(subset=["size"])
    share = sizes["events"].to_numpy(float)
    rows = sizes.iloc[rng.choice(len(sizes), events, p=share / share.sum())].reset_index(drop=True)
    return pd.DataFrame({
        "type_of_violence": rows["type_of_violence"],
        "deaths_best": rows["size"],
        "group": rng.integers(groups, size=events),
    })  # fmt: skip


def one_by_one(events: pd.DataFrame, n: int) -> float:
    """Seconds for all events, from those looped over."""
    some = events.head(LOOPED)
    sums = np.zeros((events["group"].max() + 1, n), np.int64)
    start = time.perf_counter()
    for i, (kind, deaths, group) in enumerate(zip(*(some[c] for c in some), strict=True)):
        sums[group] += ms.fatality_dist(deaths, kind).rvs(n, seed=i)
    return (time.perf_counter() - start) * len(events) / len(some)


def only_numpy(events: pd.DataFrame, n: int) -> float:
    """Seconds for all events with the parameters at hand: nothing but random numbers, quantiles, and the sum."""
    some = events.head(LOOPED)
    curve, rng = ms.fatality_dist(some["deaths_best"], some["type_of_violence"]).curve, np.random.default_rng(0)
    rows = list(zip(some["group"], *(values.tolist() for values in curve), strict=True))
    sums = np.zeros((events["group"].max() + 1, n), np.int64)
    start = time.perf_counter()
    for group, reported, loc, scale, w in rows:
        other = loc - scale * np.log(-np.log(rng.random(n)))
        drawn = np.where(rng.random(n) < w, reported, other)
        sums[group] += np.maximum(np.rint(drawn), 0).astype(np.int64)
    return (time.perf_counter() - start) * len(events) / len(some)


def main():
    events, groups, n = (int(a) for a in sys.argv[1:4]) if len(sys.argv) > 3 else (400_000, 1_000, 1_000)
    table = made_up(events, groups)
    start = time.perf_counter()
    drawn = ms.draw_totals(table, "group", n=n, shared_sd=0.2)
    took = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(drawn)
    print(f"{events:,} events, {groups:,} groups, {n:,} draws: {took:.1f} s, peak of the process {peak:,.0f} MB")
    for name, loop in (("fatality_dist one by one", one_by_one), ("bare numpy one by one", only_numpy)):
        seconds = loop(table, n)
        print(f"{name}: {seconds:,.0f} s, {seconds / took:.0f} times as long")


if __name__ == "__main__":
    main()
