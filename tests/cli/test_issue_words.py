"""Every kind of oddity that the library can find, and every reason to leave a row out, is explained in both languages."""

import ast
import re

import pandas as pd
import pytest
from making import ROOT, text, write

import mali_stats as ms
from mali_stats import catalog, synthetic
from mali_stats.clean import agencies
from mali_stats.cli.finding import ISSUE, LEFT_OUT, explanation

TABLE = catalog.seed("issue_words")
KINDS = {about: set(rows["kind"]) for about, rows in TABLE.groupby("about")}
MODULES = [p for room in ("clean", "panel", "models/displacement") for p in (ROOT / "mali_stats" / room).rglob("*.py")]
#: What is written like a kind of oddity and is none: types of violence, kinds of files.
NONE = {"state-based", "non-state", "one-sided", "country-years"}
#: ``low>best``, ``missing-count``, ``code-status:...``, and the beginning of ``spelling-{level}``.
LIKE_A_KIND = re.compile(r"(?:; )?([a-z]+(?:[<>]|!=)[a-z]+|[a-z]+(?:-[a-z]+)+-?|[a-z]+-)(?::.*)?", re.DOTALL)


def texts(path):
    """The texts in a module's code (of an f-string its beginning); marked those that only a kind can be."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        # (which rows, "kind") in a list, or given to _issues: single words are kinds only there
        listed = node.elts if isinstance(node, ast.List) else node.args if _issues(node) else []
        for pair in (e.elts for e in listed if isinstance(e, ast.Tuple) and len(e.elts) == 2):
            if isinstance(pair[0], ast.Call) and isinstance(pair[1], ast.Constant):
                yield f"kind: {pair[1].value}"


def _issues(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_issues"


def kinds_of(path):
    found = {match[1] for text in texts(path) if (match := LIKE_A_KIND.fullmatch(text))}
    single = {text.removeprefix("kind: ") for text in texts(path) if re.fullmatch(r"kind: [a-z]+", text)}
    return (found | single) - NONE


def known(kind):
    """Whether the table has a kind; of one that ends in a dash the rest is filled in at run time."""
    return (
        any(k.startswith(kind) or k == kind[:-1] for k in KINDS[ISSUE])
        if kind.endswith("-")
        else bool(explanation(kind))
    )


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT / "mali_stats")))
def test_every_kind_that_a_module_writes_is_explained(path):
    lost = {kind for kind in kinds_of(path) if not known(kind)}
    assert not lost, f"seeds/issue_words.csv lacks {lost} of {path.name}"


def test_the_search_finds_kinds():
    found = set().union(*map(kinds_of, MODULES))
    assert {"low>best", "parts!=best", "missing-count", "spelling-", "possible-duplicate", "cumulative"} <= found
    assert len(found) > 35


def dropped(path):
    """The reasons that stand in calls which drop rows."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else name
        if name not in ("count", "_count", "add", "_without"):
            continue
        given = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if name == "_without" or "dropped" in given:
            yield from (text for text in given if " " in text)


def test_every_reason_to_leave_a_row_out_is_explained():
    found = {reason for path in MODULES if "clean" in path.parts for reason in dropped(path)}
    found |= {agencies.DASH, agencies.EMPTY, agencies.NOBODY, agencies.TOTAL}
    assert len(found) >= 13
    assert found == KINDS[LEFT_OUT]


def test_every_kind_stands_where_the_table_says():
    for row in TABLE.itertuples():
        where = re.fullmatch(r"our own wording, after (\S+)", row.source)[1]
        files = [ROOT / where] if where.endswith(".csv") else (ROOT / where).rglob("*.py")
        stem = re.sub(r"admin[12]$", "", row.kind).split('"')[0]
        assert any(stem in file.read_text(encoding="utf-8") for file in files), f"{row.kind} is nowhere in {where}"


def test_every_kind_of_the_shipped_figures_is_explained():
    shipped = ms.load("displacement")
    stocks = shipped.query("source == 'iom_dtm' and indicator == 'idps' and unit == 'people' and admin1.isna()")
    tables = [shipped, ms.interpolate_stock(stocks.drop_duplicates("as_of"), max_gap=2), ms.stock_flow_ledger(shipped)]
    issues = pd.concat([table["issues"] for table in tables]).str.split("; ").explode()
    kinds = set(issues[issues != ""].str.split(":").str[0])
    assert len(kinds) > 8
    assert not {kind for kind in kinds if not explanation(kind)}


@pytest.mark.parametrize("name", synthetic.DISPLACEMENT)
def test_every_line_of_a_made_up_account_is_explained(name, tmp_path):
    made = synthetic.DISPLACEMENT[name](seed=2)
    account = ms.read_displacement(write(tmp_path / made.name, made.content))[1].tidy()
    for kind, about in (("flagged", ISSUE), ("dropped", LEFT_OUT)):
        assert all(explanation(reason, about) for reason in account.loc[account["kind"] == kind, "reason"])


def test_every_explanation_has_both_languages_and_says_whether_it_matters():
    assert not TABLE.duplicated(["kind", "about"]).any() and TABLE.notna().all().all()
    assert set(TABLE["matters"]) == {"yes", "no"} and set(TABLE["about"]) == {ISSUE, LEFT_OUT}
    for lang in ("en", "fr"):
        assert TABLE[lang].str.endswith(".").all() and TABLE[lang].str.len().between(30, 260).all()
    assert (TABLE["en"] != TABLE["fr"]).all()


def test_french_has_its_spaces_and_no_text_takes_a_side():
    assert not TABLE["fr"].str.contains(r"(?<!\u00a0)[;:?!»]", regex=True).any()
    words = "terroris|martyr|massacre|because|caused|due to|led to|parce que|à cause|causé|entraîn"
    assert not TABLE[["en", "fr"]].apply(lambda c: c.str.contains(words, case=False)).any().any()


def test_a_number_at_the_end_of_a_kind_does_not_count():
    assert explanation("gap-of-more-than-12-months") == explanation("gap-of-more-than")
    assert explanation("gap-of-some-other-kind-12") is None
    assert explanation("other country") is None and explanation("other country", LEFT_OUT)["matters"] == "no"


def test_columns_that_texts_name_are_there(tmp_path):
    events, _ = ms.read_events(write(tmp_path / "one.csv", text([])))
    assert "issues" in events.columns
    assert {"country", "asylum_country"} <= set(ms.load("displacement").columns)
