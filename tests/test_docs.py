"""docs/: made pages are what their script makes, and every path, name and number in them is there."""

import importlib.util
import re

import pytest
from french import faults
from making import ROOT

import mali_stats as ms
from mali_stats import catalog

DOCS = ROOT / "docs"
WRITTEN = sorted(p for p in DOCS.glob("*.md") if p.name != "glossary.md")
GLOSSARY = catalog.seed("glossary")
#: columns of data/ that say themselves what they are
PLAIN = {"country", "month", "year", "source", "unit", "licence"}

written = pytest.mark.parametrize("page", WRITTEN, ids=lambda p: p.stem)


def _maker():
    spec = importlib.util.spec_from_file_location("make_docs", DOCS / "make_docs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MAKER = _maker()


def text(page):
    return page.read_text(encoding="utf-8")


def prose(page):
    """The page without its blocks of code and tables to copy."""
    return re.sub(r"^```.*?^```", "", text(page), flags=re.M | re.S)


# ---- pages that are made -----------------------------------------------------------------------------------


def test_the_made_pages_are_what_the_script_makes():
    for path, made in MAKER.pages().items():
        assert path.is_file() and text(path) == made, f"{path.name}: run `make docs`"


def test_no_page_of_a_name_that_is_gone_is_left():
    assert set((DOCS / "api").iterdir()) == {p for p in MAKER.pages() if p.parent.name == "api"}


def test_every_public_name_is_on_one_api_page_with_its_example():
    grouped = [name for names in MAKER.groups().values() for name in names]
    assert sorted(grouped) == sorted(set(ms.__all__) - {"__version__"})
    for title, names in MAKER.groups().items():
        page = text(DOCS / "api" / MAKER.file_name(title))
        assert re.findall(r"^## `(\w+)`$", page, flags=re.M) == names
        for part in page.split("\n## `")[1:]:
            assert ">>>" in part and part.count("```") % 2 == 0, part[:40]


def test_an_api_page_holds_arguments_errors_and_what_comes_back():
    page = text(DOCS / "api" / MAKER.file_name("trends, and breaks at known dates"))
    assert "    outcome: str,\n    *,\n    family: str = 'nb2',\n" in page
    assert "- `outcome` : str  \n  Column of counts." in page
    assert "### What comes back: `Trend`" in page and "### What comes back: `Phases`" in page and "- `.tidy()`" in page
    assert "```math\n" in page and "::" not in MAKER.prose(page.split("### Parameters")[0])


def test_the_script_tells_a_stale_page_and_mends_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(MAKER, "DOCS", tmp_path / "docs")
    (tmp_path / "docs" / "api").mkdir(parents=True)
    (tmp_path / "docs" / "api" / "gone.md").write_text("old", encoding="utf-8")
    assert MAKER.main(["--check"]) == 1
    said = capsys.readouterr().out
    assert "docs/api/gone.md is not what" in said and "docs/glossary.md is not what" in said
    assert MAKER.main([]) == 0 and MAKER.main(["--check"]) == 0
    assert not (tmp_path / "docs" / "api" / "gone.md").exists()


@pytest.mark.parametrize(("given", "wanted"), [
    ("``a <b>`` and 1 < 2", "`a <b>` and 1 &lt; 2"), (":mod:`mali_stats.schema`", "`mali_stats.schema`"), ("plain", "plain"),
])  # fmt: skip
def test_rest_becomes_markdown(given, wanted):
    assert MAKER.prose(given) == wanted


# ---- pages that are written --------------------------------------------------------------------------------


def test_the_index_lists_every_page():
    index = text(DOCS / "README.md")
    for page in [*DOCS.glob("*.md"), DOCS / "api" / "README.md"]:
        if page != DOCS / "README.md":
            assert f"({page.relative_to(DOCS)})" in index, page.name
    assert "docs/README.md" in text(ROOT / "README.md")


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda p: str(p.relative_to(DOCS)))
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#\s]+)(?:#[\w-]+)?\)", prose(page)):
        assert "://" not in link and (page.parent / link).resolve().exists(), link


FOLDERS = "mali_stats|tests|seeds|docs|notebooks|benchmarks|data"


@written
def test_every_path_that_is_named_exists(page):
    named = re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", prose(page))
    named += re.findall(r"`([A-Z][\w-]+\.md|Makefile|[a-z]\w+\.(?:toml|yml))`", prose(page))
    missing = [name for name in named if not (ROOT / name).exists()]
    assert missing == []


@written
def test_every_call_that_is_named_exists(page):
    for name in re.findall(r"\bms\.(\w+)", text(page)):
        assert name in ms.__all__, name
    targets = re.search(r"^\.PHONY: (.*)$", text(ROOT / "Makefile"), flags=re.M)[1].split()
    for target in re.findall(r"`make (\w+)", prose(page)):
        assert target in targets, target


@written
def test_names_said_to_be_in_a_file_are_in_it(page):
    for name, path in re.findall(r"`(\w+)(?:\(.*?\))?`[^`.]{0,30}\b(?:of|in|to)\s+`([\w/]+\.py)`", prose(page)):
        assert re.search(rf"\b{name}\b", text(ROOT / path)), f"{name} is not in {path}"


@written
def test_no_page_names_a_machine_or_a_registry(page):
    assert not re.search(r"(?<![\w./:])/(?:home|Users|root|tmp|work|opt)/", text(page))
    assert not re.search(r"pypi|conda\.anaconda|files\.pythonhosted", text(page))


def test_the_steps_of_a_source_are_those_of_the_code():
    page = text(DOCS / "adding-a-source.md")
    unhcr = text(ROOT / "mali_stats" / "sources" / "unhcr.py")
    for name in ("SOURCE", "LAYOUTS", "recognise"):
        assert f"`{name}" in page and re.search(rf"^(?:def )?{name}\b", unhcr, flags=re.M)
    cards = catalog.cards().values()
    for key in re.search(r"cards\.toml`: (.+?)\. `ms\.cite`", page, flags=re.S)[1].replace("\n", " ").split(", "):
        assert all(key in card for card in cards), key


def test_the_rooms_of_the_models_are_those_there_are():
    page = text(DOCS / "adding-a-model.md")
    for room in (p.name for p in (ROOT / "mali_stats" / "models").iterdir() if (p / "__init__.py").is_file()):
        assert f"`{room}`" in page


# ---- doing no harm -----------------------------------------------------------------------------------------

HARM = text(DOCS / "doing-no-harm.md")


def test_the_numbers_quoted_are_the_shipped_ones():
    low, best, high = (
        ms.brief("Gao", "2023-01", "2023-12")
        .table.query(f"measure == 'deaths' and estimate == '{e}'")["this_span"]
        .item()
        for e in ("low", "best", "high")
    )
    assert f"{best} deaths were reported in the region of Gao in 2023 (low {low}, high {high}; UCDP GED" in HARM
    assert "nine of `seeds/week_of_7_september_2023.csv`" in HARM and len(catalog.seed("week_of_7_september_2023")) == 9


def test_what_the_page_says_is_refused_is_refused(tmp_path):
    import pandas as pd

    kinds = set(catalog.seed("guarded_columns")["kind"])
    words = {
        "a person's name": ("names", "victim_name"), "a contact": ("phones", "phone"), "an address": ("addresses", "adresse"),
        "an identity document": ("identity numbers", "NINA"), "a date of birth": ("dates of birth", "date_naissance"),
        "a point": ("points finer than 0.1 degree", "latitude"), "an exact place": ("points finer", "gps"),
    }  # fmt: skip
    assert kinds == set(words), "a new kind of guard: say on the page what it refuses"
    for kind, (word, column) in words.items():
        assert word in HARM
        with pytest.raises(ValueError, match=f"looks like {kind}"):
            ms.export(pd.DataFrame({column: [14.3492]}), tmp_path / "a.csv", source="made up by hand")


def test_no_page_uses_words_that_take_a_side():
    for page in [*WRITTEN, DOCS / "glossary.md"]:
        assert not re.search(r"terroris|martyr|massacre|jihadi|barbar", text(page), flags=re.I), page.name


# ---- the glossary ------------------------------------------------------------------------------------------


def test_every_term_has_one_sentence_in_each_language():
    assert GLOSSARY["term_en"].is_unique and GLOSSARY["term_fr"].is_unique
    assert GLOSSARY.drop(columns="columns").notna().all(axis=None)
    for row in GLOSSARY.itertuples():
        for sentence in (row.en, row.fr):
            assert sentence[0].isupper() and sentence.endswith(".") and ". " not in sentence, row.term_en


def test_terms_stand_in_the_order_of_the_alphabet():
    terms = GLOSSARY["term_en"].str.casefold().tolist()
    assert terms == sorted(terms)


def test_the_french_is_set_as_french_is():
    assert {
        r.term_en: faults(r.fr) + faults(r.term_fr) for r in GLOSSARY.itertuples() if faults(r.fr) or faults(r.term_fr)
    } == {}


def test_every_column_of_the_shipped_tables_is_covered():
    columns = set(catalog.seed("columns")["name"])
    covered = set(GLOSSARY["columns"].dropna().str.split("; ").explode())
    assert covered <= columns, "a term names a column that is not there"
    assert columns - covered == PLAIN


@pytest.mark.parametrize("term", [
    "event", "deaths: best", "deaths: low", "deaths: high", "one-sided violence", "state-based violence", "in scope", "stock",
    "flow", "internally displaced person (IDP)", "refugee", "P-code", "cercle", "unallocated", "ledger", "interval",
    "overdispersion", "rate ratio",
])  # fmt: skip
def test_the_words_that_a_reader_meets_are_explained(term):
    assert term in set(GLOSSARY["term_en"])
    assert f"## {term} · *" in text(DOCS / "glossary.md")
