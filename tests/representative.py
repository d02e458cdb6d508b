"""A little of everything the library gives, printed as JSON with every digit: run by test_same_everywhere.py."""

import hashlib
import json
import locale
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


def main():
    """Take the machine's own locale as a program with a window does, and print everything."""
    locale.setlocale(locale.LC_ALL, "")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = {
            key: written(value) for part in (read_and_clean(folder), models(), reports(folder)) for key, value in part
        }
    found["decimal point"] = locale.localeconv()["decimal_point"]
    sys.stdout.buffer.write(json.dumps(found).encode())


if __name__ == "__main__":
    main()
