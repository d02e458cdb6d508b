"""How well `match_events` finds planted matches, and how long it takes.

    python benchmarks/match_events.py [--quick]

Truth is planted by `mali_stats.synthetic.two_records`: 20,000 events over ten countries and twelve years (2,000 a
country, as UCDP has for Mali), recorded by two publishers with the errors of each scenario (days, km, probability of
being recorded, precisions in the proportions of UCDP's Mali record; see `Scenario`). Precision is the share of pairs
that join two records of one event; recall the share found of the events of which both have a record no coarser than
a week and a district. Both with Wilson's 95 % interval, over a grid of windows and of `max_cost`; `share` is how many
of a's records are paired. `bare` is the moderate scenario without families and types.

Speed: records of both publishers in 50 countries, 25,000 to 100,000 each, in the moderate scenario. Seconds are those
of `match_events` alone, best of three, by the clock (other work on the machine counts) and of the processor; the
memory is the peak of the whole process.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from mali_stats import synthetic
from mali_stats.clean.links.links import MAX_COST, match_events

RESULTS = Path(__file__).parent / "results"
WINDOWS = [(1, 5), (2, 5), (1, 25), (2, 25), (3, 25), (2, 50), (5, 50)]
CAPS = [0.2, 0.3, 0.5, 0.6]
#: events that happened, so that each publisher records about 25,000, 50,000 and 100,000 of them
SIZES = [32_800, 65_500, 131_000]


def tables(n, scenario, states, bare=False):
    made = synthetic.two_records(n, scenario=scenario, states=states, seed=1)
    both = [made.table(source) for source in ("ucdp_ged", "acled")]
    if bare:
        both = [t.drop(columns=["family_a", "family_b", "type_of_violence"]) for t in both]
    return made, *both


def quality(n):
    settings = [(days, km, MAX_COST) for days, km in WINDOWS] + [(2, 25, cap) for cap in CAPS]
    for scenario in ("easy", "moderate", "hard", "bare"):
        made, a, b = tables(n, "moderate" if scenario == "bare" else scenario, 10, scenario == "bare")
        for days, km, cap in settings:
            score = made.score(match_events(a, b, days=days, km=km, max_cost=cap).pairs)
            row = {"scenario": scenario, "days": days, "km": km, "max_cost": cap, "share": score["pairs"] / len(a)}
            for name, hits, of in (("precision", "right", "pairs"), ("recall", "events", "findable")):
                low, high = proportion_confint(score[hits], score[of], method="wilson")
                row |= {name: score[hits] / score[of], f"{name}_low": low, f"{name}_high": high}
            yield {k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()}


def speed(sizes):
    for n in sizes:
        _, a, b = tables(n, "moderate", 50)
        took = []
        for _ in range(3):
            start = time.perf_counter(), time.process_time()
            matches = match_events(a, b)
            took.append((time.perf_counter() - start[0], time.process_time() - start[1]))
        clock, processor = (round(min(t), 2) for t in zip(*took, strict=True))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        yield {"a": len(a), "b": len(b), "pairs": len(matches.pairs), "review": len(matches.review),
               "seconds": clock, "cpu_seconds": processor, "peak_gb": round(peak, 2)}  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the size; nothing is written")
    quick = parser.parse_args().quick
    for name, rows in (
        ("match_events_speed", speed([n // 10 for n in SIZES] if quick else SIZES)),
        ("match_events_quality", quality(2_000 if quick else 20_000)),
    ):
        table = pd.DataFrame(list(rows))
        print(table.to_string(index=False), flush=True)
        if not quick:
            RESULTS.mkdir(exist_ok=True)
            table.to_csv(RESULTS / f"{name}.csv", index=False)


if __name__ == "__main__":
    main()
