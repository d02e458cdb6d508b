"""Captions in English and French: every shipped table and every plot has both, and French is set as French is."""

import inspect
import re
import string
from types import SimpleNamespace

import matplotlib as mpl
import pandas as pd
import pytest
from french import faults
from PIL import Image

mpl.use("Agg")

import matplotlib.pyplot as plt

import mali_stats as ms
from mali_stats import captions, catalog, plots
from mali_stats.plots import theme
from mali_stats.plots.points import plot_waterfall

SEED = catalog.seed("captions")


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def beside(path):
    return path.with_suffix(".txt").read_text(encoding="utf-8")


# ---- the table ---------------------------------------------------------------------------------------------


def test_every_text_stands_once_and_in_both_languages():
    assert not SEED.duplicated(["kind", "name"]).any()
    assert SEED.notna().all(axis=None)
    assert set(SEED["kind"]) == {"title", "about", "figure", "word", "text"}


def test_both_languages_fill_the_same_places():
    for row in SEED.itertuples():
        en, fr = ({f for _, f, _, _ in string.Formatter().parse(t) if f is not None} for t in (row.en, row.fr))
        assert en == fr, row.name


@pytest.mark.parametrize(("text", "fault"), [
    ("zéro : rien", "plain space"), ("zéro: rien", "no no-break space"), ("95%", "no no-break"), ("1,000 tirages", "thousands"),
    ("3.5 points", "decimal"), ('dit "oui"', "straight"), ("«oui\u00a0»", "after «"),
])  # fmt: skip
def test_the_rules_see_what_is_wrong(text, fault):
    assert any(fault in name for name in faults(text))


def test_french_is_set_as_french_is():
    wrong = {(row.kind, row.name): faults(row.fr) for row in SEED.itertuples() if faults(row.fr)}
    assert wrong == {}


def test_french_is_not_english_left_standing():
    same = SEED[SEED["en"] == SEED["fr"]]
    assert set(same["name"]) <= {"population", "table", "figure"}
    english = re.compile(r"\b(the|and|with|deaths|events|by month|of the)\b")
    assert [row.name for row in SEED.itertuples() if english.search(row.fr)] == []


# ---- tables ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["title", "about"])
def test_every_shipped_table_is_captioned_as_it_is_built(kind):
    shipped = {r["name"]: r[{"title": "title", "about": "description"}[kind]] for r in catalog._package()["resources"]}
    own = SEED[SEED["kind"] == kind].set_index("name")["en"].to_dict()
    assert own == shipped


@pytest.mark.parametrize("lang", catalog.LANGUAGES)
def test_datasets_and_export_name_a_table_in_the_language_asked_for(lang, tmp_path):
    titles = SEED[SEED["kind"] == "title"].set_index("name")[lang]
    assert ms.datasets(lang).set_index("name")["title"].to_dict() == titles.to_dict()
    text = beside(ms.export(ms.load("sizes").head(), tmp_path / "a.csv", lang=lang, hxl=True)[0])
    about = captions.text("sizes", lang, kind="about")
    assert titles["sizes"] in text and about in text and captions.text("reported", lang) in text
    assert ("Written by" in text) == ("Columns without an HXL tag" in text) == ("Licence: CC" in text) == (lang == "en")


def test_a_language_without_texts_is_refused(tmp_path):
    for call in (lambda: ms.datasets("bm"), lambda: ms.export(ms.load("sizes"), tmp_path / "a.csv", lang="bm")):
        with pytest.raises(ValueError, match="lang='bm' is not known; use one of en, fr"):
            call()
    assert not list(tmp_path.iterdir())


# ---- figures -----------------------------------------------------------------------------------------------


def _months():
    return ms.load("region_month").query("month >= '2017-01-01'").groupby("month", as_index=False)[
        ["events", "deaths_low", "deaths_best", "deaths_high"]
    ].sum()  # fmt: skip


def _regions():
    return ms.load("region_month").query("month >= '2023-01-01'").groupby("region", as_index=False)["deaths_best"].sum()


def _found():
    return ms.find_breaks(_months().set_index("month")["events"], max_breaks=1, n_boot=19)


def _placebo():
    return ms.placebo_its(_months(), "events", date="2020-08-18", n_perm=19)


def _sizes():
    table = ms.load("sizes").query("year >= 2012")
    return ms.fit_tail(table["size"].repeat(table["events"]), n_boot=0)


_IDPS = "indicator == 'idps' and measure == 'stock' and as_of >= '2019-01-01'"
_LAGS = pd.DataFrame({"lag": [0, 1], "estimate": [0.4, 0.2], "conf_low": [0.2, 0.1], "conf_high": [0.6, 0.3]})
_FAN = pd.DataFrame({"year": [2022, 2023], "q05": [2, 3], "q50": [5, 6], "q95": [9, 11]})
DRAWN = {
    "plot_series": lambda: ms.plot_series(_months(), "events"),
    "plot_series_band": lambda: ms.plot_series(_months()),
    "plot_fit": lambda: ms.plot_fit(ms.fit_trend(_months(), "events")),
    "plot_heatmap": lambda: ms.plot_heatmap(ms.load("region_month").query("month >= '2023-01-01'")),
    "plot_map": lambda: ms.plot_map(_regions()),
    "plot_precision": lambda: ms.plot_precision(ms.load("precision")),
    "plot_breaks": lambda: ms.plot_breaks(_found()),
    "plot_points": lambda: ms.plot_points(ms.load("displacement").query(_IDPS)),
    "plot_waterfall": lambda: plot_waterfall(
        ms.stock_flow_ledger(ms.load("displacement").query("source == 'idmc' and country == 'MLI'"))
    ),
    "plot_ccdf": lambda: ms.plot_ccdf(_sizes()),
    "plot_fan": lambda: ms.plot_fan(_FAN),
    "plot_curve": lambda: ms.plot_curve(_LAGS),
    "plot_placebo": lambda: ms.plot_curve(_placebo()),
}


def test_every_plot_is_a_kind_with_captions_and_no_caption_is_left_over():
    kinds = set(SEED.loc[SEED["kind"] == "figure", "name"])
    assert kinds == set(DRAWN)
    assert {n for n in plots.__all__ if n.startswith("plot_")} <= kinds


@pytest.mark.slow
@pytest.mark.parametrize("kind", DRAWN)
def test_an_exported_figure_has_a_caption_of_its_kind_in_either_language(kind, tmp_path):
    ax = DRAWN[kind]()
    for lang, label in (("en", "What: "), ("fr", "Contenu\u00a0: ")):
        path = ms.export(ax, tmp_path / f"{lang}.png", lang=lang)[0]
        said = next(line for line in beside(path).splitlines() if line.startswith(label)).removeprefix(label)
        pattern = captions.text(kind, lang, kind="figure", what="WHAT").replace("WHAT", "")
        assert pattern.lower() in said.lower() and said[0].isupper()
        with Image.open(path) as picture:
            assert picture.text["Title"] == said
    assert not faults(said)


def test_a_column_is_named_in_words_and_an_unknown_one_by_its_name():
    assert captions.drawn(captions.mark("plot_series", "army_statements"), "fr").startswith(
        "«\u00a0army statements\u00a0»"
    )
    rated = captions.drawn(captions.mark("plot_map", "deaths_best", "person_years"), "fr")
    assert rated.startswith("Décès (meilleure estimation) rapportés aux personnes-années par région")
    assert theme.describe("deaths_civilians") == "civilian deaths" and theme.describe("n_sources") == "n sources"


def test_a_title_of_ones_own_goes_before_what_the_plot_shows(tmp_path):
    for make in (lambda ax: ax.set_title("Our own title"), lambda ax: ax.figure.suptitle("Our own title")):
        ax = ms.plot_precision(ms.load("precision"))
        make(ax)
        assert "Contenu\u00a0: Our own title\n" in beside(ms.export(ax, tmp_path / "a.png", lang="fr")[0])


def test_the_source_line_is_taken_apart_in_french_and_nothing_of_it_is_lost(tmp_path):
    text = beside(ms.export(DRAWN["plot_series"](), tmp_path / "a.png", lang="fr")[0])
    assert "Source\u00a0: UCDP GED, CC BY 4.0\nPériode montrée\u00a0: 2017-01 à 2023-12\nLicence" in text
    text = beside(ms.export(DRAWN["plot_ccdf"](), tmp_path / "b.png", lang="fr")[0])
    shown = (
        next(t.get_text() for t in DRAWN["plot_ccdf"]().texts if t.get_gid() == "source")
        .split("Shown: ")[1]
        .rstrip(".")
    )
    assert f"Montré sous la figure (en anglais)\u00a0: {shown}\n" in text


def test_files_of_one_stem_in_two_languages_share_their_text(tmp_path):
    ms.export(ms.load("sizes"), tmp_path / "a.csv")
    ms.export(DRAWN["plot_series"](), tmp_path / "a.png", lang="fr")
    ms.export(ms.load("sizes"), tmp_path / "a.csv", lang="fr")
    text = beside(tmp_path / "a.csv")
    assert re.findall(r"^Fichier\u00a0: (.+)$", text, flags=re.M) == ["a.png", "a.csv"] and "File: " not in text


def test_notes_of_a_model_are_said_to_be_english(tmp_path):
    result = SimpleNamespace(tidy=_months, notes=["two months are left out"])
    text = beside(ms.export(result, tmp_path / "a.csv", source="region_month", lang="fr")[0])
    assert "Note (en anglais)\u00a0: two months are left out\n" in text


def test_export_says_which_languages_there_are():
    assert '{"en", "fr"}' in inspect.getdoc(ms.export)
