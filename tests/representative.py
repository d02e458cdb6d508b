"""A little of everything the library gives, printed as JSON with every digit: run by test_same_everywhere.py.

With the name of a file that another Python printed, it compares instead: `python tests/representative.py FILE`.
"""

import hashlib
import json
import locale
import math
import re
import sys
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import pandas as pd

import mali_stats as ms
from mali_stats import synthetic


def written(thing):
    """A result as lists of text: numbers by repr, which gives every digit; frames with their kinds and index."""
    if isinstance(thing, pd.DataFrame):
        columns = {str(c): [str(thing[c].dtype), [repr(v) for v in thing[c].tolist()]] for c in thing}
        return [repr(thing.index.tolist()), columns]
    if hasattr(thing, "tidy"):
        return [written(thing.tidy()), [str(note) for note in getattr(thing, "notes", [])], repr(thing)]
    if isinstance(thing, (list, tuple)):
        return [written(part) for part in thing]
    if isinstance(thing, bytes):
        return hashlib.sha256(thing).hexdigest()
    return repr(thing.tolist() if hasattr(thing, "tolist") else thing)


def read_and_clean(folder):
    """Both publishers' events, their links, and displacement, from made-up files."""
    made = synthetic.two_records(300, seed=3)
    files = [synthetic.ucdp_file(made), synthetic.acled_file(made), synthetic.unhcr_population(3)]
    for file in files:
        (folder / file.name).write_text(file.content, encoding="utf-8")
    ucdp, acled, people = (folder / file.name for file in files)
    events, other = ms.read_events(ucdp), ms.read_events(acled)
    yield "read_events", [events, other]
    yield "read_displacement", ms.read_displacement(people)
    matches = ms.match_events(events[0], other[0])
    yield "match_events", [matches.pairs, matches.review, matches.only_a, matches.only_b, matches.notes]
    yield "compare_releases", ms.compare_releases(events[0][:-5], events[0][3:])
    mali = events[0][events[0]["country"] == "MLI"]
    panel, ledger = ms.region_month_panel(mali)
    yield "panel", [ms.add_population(panel), ledger]
    yield "family_totals", ms.family_totals(mali, by="year")
    yield "draw_totals", ms.draw_totals(mali, mali["date_start"].dt.year, n=40, shared_sd=0.2, seed=1)
    yield "parse_figure", ms.parse_figure("Entre dix et quinze civils ont été tués, 1 200 personnes ont fui")


def models():
    """Fits, breaks, draws and tails on the shipped record."""
    panel = ms.load("region_month")
    national = panel.groupby("month", as_index=False)[["events", "deaths_best"]].sum()
    y = national.set_index("month")["deaths_best"]
    yield "fit_trend", ms.fit_trend(national[national["month"] >= "2017"], "events")
    yield "find_breaks", ms.find_breaks(y, n_boot=19)
    yield "baseline_draws", ms.baseline_draws(y, 3, n=50)
    yield "flag_months", ms.flag_months(y, "ears_c1")
    sizes = ms.load("sizes").query("year >= 2012")
    deaths = sizes["size"].repeat(sizes["events"])
    yield "fit_tail", ms.fit_tail(deaths, n_boot=9)
    yield "heaping", ms.heaping(deaths)


def reports(folder):
    """The page for a busy reader in both languages, and the files that are written: table, text, picture."""
    made = ms.brief("Gao", lang="fr")
    yield "brief", [made, str(made), str(ms.brief())]
    paths = [*ms.export(made, folder / "gao.csv", hxl=True), *ms.export(made, folder / "gao.svg")]
    paths += ms.export(ms.plot_series(ms.load("region_month")), folder / "months.png", source="region_month")
    yield "export", [[path.name, path.read_bytes()] for path in paths]
    yield "cite", [ms.cite(), ms.datasets()]


NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")


def differ(one, other, tolerance=1e-12) -> bool:
    """Whether two results are more apart than their numbers may be; files that draw numbers are not looked into."""
    one, other = (json.dumps(result) for result in (one, other))
    numbers = NUMBER.findall(one), NUMBER.findall(other)
    if NUMBER.sub("#", one) != NUMBER.sub("#", other):
        return True
    pairs = (map(float, pair) for pair in zip(*numbers, strict=True))
    return not all(math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance) for a, b in pairs)


def everything() -> dict:
    """All results by name."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = (read_and_clean(folder), models(), reports(folder))
        found = {key: written(value) for part in parts for key, value in part}
    return found | {"decimal point": locale.localeconv()["decimal_point"]}


def main(*files):
    """Take the machine's own locale as a program with a window does, and print everything or compare it."""
    locale.setlocale(locale.LC_ALL, "")
    found = everything()
    if not files:
        sys.stdout.buffer.write(json.dumps(found).encode())
        return
    known = json.loads(Path(files[0]).read_text(encoding="utf-8"))
    apart = [name for name in known if name != "export" and differ(json.loads(json.dumps(found[name])), known[name])]
    if apart:
        sys.exit(f"Results that differ from those of the other Python: {', '.join(apart)}")
    print(f"{len(known)} representative results are those of the other Python")


if __name__ == "__main__":
    main(*sys.argv[1:])
