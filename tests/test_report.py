"""The report: what a page may hold, what a failure may cost, and that a notebook is written one way."""

import re
import shutil
from html import escape
from html.parser import HTMLParser
from types import SimpleNamespace

import nbformat
import pandas as pd
import pytest

import mali_stats as ms
from mali_stats.report import front, pages, running, site
from mali_stats.report.__main__ import main
from mali_stats.report.spans import Span

pytestmark = pytest.mark.whole

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def notebook(title, *cells):
    """A notebook of code cells, and of markdown cells given as (text, tag)."""
    made = [
        nbformat.v4.new_code_cell(cell, id=f"cell-{n}")
        if isinstance(cell, str)
        else nbformat.v4.new_markdown_cell(cell[0], metadata={"tags": [cell[1]]}, id=f"cell-{n}")
        for n, cell in enumerate(cells)
    ]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(f"# {title}", id="title"), *made])


PICTURE = f"""from base64 import b64decode
from IPython.display import Image, display
display(Image(b64decode({PNG!r})))"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repo") / "notebooks"
    folder.mkdir()
    hostile = notebook(
        'Is <script>alert(1)</script> & "this" a question?',
        ("<img src='http://elsewhere.example/x.png' onerror='alert(2)'> <script>alert(3)</script>", "text"),
        "print('<script>alert(4)</script>')",
    )
    plain = notebook(
        "How many?",
        "print(6 * 7)",
        PICTURE,
        ("The dot is **black**. It shows nothing else.", "text"),
        ("There are *42* of them.", "answer"),
    )
    nbformat.write(hostile, folder / "01-hostile.ipynb")
    nbformat.write(plain, folder / "02-plain.ipynb")
    return folder


@pytest.fixture(scope="module")
def built(folder):
    said = []
    index = site.build_site(folder.parent / "build" / "report", folder, said.append)
    return index, said


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def all_pages(index):
    return sorted(index.parent.glob("*.html"))


def test_there_is_a_page_for_each_notebook_and_one_in_front(built):
    assert [p.name for p in all_pages(built[0])] == ["01-hostile.html", "02-plain.html", "index.html"]


def test_progress_says_which_notebook_and_how_many(built):
    lines = [line for line in built[1] if ".ipynb" in line]
    assert [line.split()[0] for line in lines] == ["[1/2]", "[2/2]"]
    assert all(line.endswith(" s") for line in lines)


def test_no_page_loads_anything_or_runs_a_script(built):
    for path in all_pages(built[0]):
        text = path.read_text(encoding="utf-8")
        tags = Tags(text).found
        assert not {"script", "link", "iframe", "object", "embed", "base"} & {tag for tag, _ in tags}
        sources = [attrs["src"] for _, attrs in tags if "src" in attrs]
        assert all(source.startswith("data:image/png;base64,") for source in sources), path.name
        assert not any(name.startswith("on") for _, attrs in tags for name in attrs)
        assert "url(" not in text and "@import" not in text
        assert "default-src 'none'" in text


def test_links_between_pages_lead_somewhere(built):
    for path in all_pages(built[0]):
        links = [attrs["href"] for tag, attrs in Tags(path.read_text(encoding="utf-8")).found if tag == "a"]
        ours = [link for link in links if not link.startswith("https://")]
        assert ours and all((path.parent / link).is_file() for link in ours)


def test_pages_can_be_read_by_machine_and_on_a_phone(built):
    for path in all_pages(built[0]):
        tags = Tags(path.read_text(encoding="utf-8")).found
        assert ("html", {"lang": "en"}) in tags
        assert all(attrs.get("alt") for tag, attrs in tags if tag == "img")
        assert sum(tag == "h1" for tag, _ in tags) == 1
        assert any(attrs.get("name") == "viewport" for tag, attrs in tags if tag == "meta")


def test_a_hostile_title_stays_text(built):
    for name in ("index.html", "01-hostile.html"):
        text = (built[0].parent / name).read_text(encoding="utf-8")
        assert "&amp; " in text and "a question?" in text
        assert "<script" not in text.lower()


def test_a_hostile_name_in_the_figures_stays_text():
    hostile = '<script>alert("x")</script>'
    named = pd.DataFrame({"source": [hostile], "record_ends": ["2024"]})
    card = pages.Card(f"{hostile}.html", hostile, hostile, hostile, hostile)
    made = [front.banner(named), front._card(card), pages.page(hostile, "")]
    made.append(pages.table([hostile], [[hostile, hostile]], hostile))
    assert not any("<script" in text or 'alert("' in text for text in made)


def test_a_table_and_headings_of_a_notebook_are_kept(folder):
    shown = pd.DataFrame({"region": ["Kayes"], "deaths": [3]}).to_html(classes="dataframe")
    cell = nbformat.v4.new_code_cell("frame", outputs=[nbformat.v4.new_output("display_data", {"text/html": shown})])
    made = pages.notebook_page(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Why?"), cell]),
        pages.Card("x.html", "Why?", "", "", ""),
    )
    assert "<h1" in made and ">Kayes</td>" in made and ">deaths</th>" in made


def test_the_card_has_question_figure_and_answer(built):
    text = built[0].read_text(encoding="utf-8")
    card = text[text.index('<a href="02-plain.html">') :]
    assert card.startswith('<a href="02-plain.html">How many?</a>')
    assert 'alt="The dot is black"' in card
    assert "<p>There are 42 of them.</p>" in card


def test_the_front_page_says_where_records_end_and_what_cannot_be_seen(built):
    text = built[0].read_text(encoding="utf-8")
    for end in ms.datasets()["record_ends"].dropna():
        assert pages.in_words(end) in text
    assert "What this cannot see" in text
    assert "Map of the regions by deaths" in text
    for line in filter(None, ms.cite(*ms.datasets()["name"]).splitlines()):
        assert pages.items([line])[4:-5] in text


def test_the_front_page_holds_the_rows_of_the_brief_and_its_notes(built):
    text = built[0].read_text(encoding="utf-8")
    made = ms.brief()
    for label, *cells in made.rows():
        line = "".join(f"<td>{escape(cell)}</td>" for cell in cells).replace(" (", "\n(")
        assert f'<tr><th scope="row">{escape(label)}</th>{line}</tr>' in text
    assert all(f"<li>{escape(note)}</li>" in text for note in made.notes)
    assert "2,109\n(2,073–2,882)" in text and text.count("Map of the regions by deaths (best) in 202") == 4


def test_a_second_run_executes_nothing(built, folder, monkeypatch):
    monkeypatch.setattr(running, "_execute_one", None)
    said = []
    site.build_site(built[0].parent, folder, said.append)
    assert said == ["Writing the pages ..."]


@pytest.fixture
def own_environment(monkeypatch):
    """The command sets these for itself; the next test must not see it."""
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")


@pytest.mark.usefixtures("own_environment")
def test_the_command_ends_with_the_page_to_open(built, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder.parent)
    assert main(["site"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Open build/report/index.html"


@pytest.mark.usefixtures("own_environment")
def test_a_failing_notebook_is_named_and_the_old_site_stays(built, folder, tmp_path, monkeypatch, capsys):
    copy = tmp_path / "notebooks"
    shutil.copytree(folder, copy)
    shutil.copytree(built[0].parents[1], tmp_path / "build")
    before = built[0].read_bytes()
    nbformat.write(notebook("Why?", "print('first')", "1 / 0"), copy / "03-broken.ipynb")
    monkeypatch.chdir(tmp_path)
    assert main(["site"]) == 1
    assert "03-broken.ipynb, code cell 2: ZeroDivisionError: division by zero" in capsys.readouterr().err
    assert (tmp_path / "build/report/index.html").read_bytes() == before
    assert sorted(p.name for p in (tmp_path / "build").iterdir()) == ["cache", "report"]


def test_what_ran_beside_a_failure_is_not_run_again(tmp_path):
    nbformat.write(notebook("How many?", "print(1)"), tmp_path / "01.ipynb")
    nbformat.write(notebook("Why?", "1 / 0"), tmp_path / "02.ipynb")
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        running.executed_notebooks(tmp_path, tmp_path / "cache", lambda line: None)
    (tmp_path / "02.ipynb").unlink()
    said = []
    running.executed_notebooks(tmp_path, tmp_path / "cache", said.append)
    assert said == []


def test_a_failure_while_pages_are_written_keeps_the_old_site(built, folder, monkeypatch):
    before = built[0].read_bytes()
    monkeypatch.setattr(front, "front_page", lambda cards: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        site.build_site(built[0].parent, folder, lambda line: None)
    assert built[0].read_bytes() == before
    assert sorted(p.name for p in built[0].parents[1].iterdir()) == ["cache", "report"]


def test_a_folder_that_is_no_report_is_never_replaced(folder, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(FileExistsError, match="something else than an earlier report"):
        site.build_site(tmp_path, folder)
    assert (tmp_path / "thesis.txt").is_file()


def test_a_folder_without_notebooks_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="no notebook in"):
        running.read_notebooks(tmp_path)


def test_a_damaged_notebook_is_named(tmp_path):
    (tmp_path / "01.ipynb").write_text("<<<<<<< HEAD", encoding="utf-8")
    with pytest.raises(RuntimeError, match=r"01\.ipynb is not a notebook"):
        running.read_notebooks(tmp_path)


def test_a_notebook_that_its_format_does_not_allow_is_named(tmp_path, caplog):
    nbformat.write(notebook("How many?", "1 + 1"), tmp_path / "01.ipynb")
    text = (tmp_path / "01.ipynb").read_text(encoding="utf-8")
    (tmp_path / "01.ipynb").write_text(text.replace("cell-0", "<script>"), encoding="utf-8")
    with pytest.raises(RuntimeError, match=r"01\.ipynb is not a notebook: .*<script>"):
        running.read_notebooks(tmp_path)


def test_a_picture_s_size_and_a_link_bring_nothing_into_the_page():
    metadata = {"image/png": {"width": "1 onload=alert(1)", "height": "1"}}
    output = nbformat.v4.new_output("display_data", {"image/png": PNG}, metadata=metadata)
    cells = [
        nbformat.v4.new_markdown_cell("# Why? [here](data:text/html,x) [there](https://example.org)"),
        nbformat.v4.new_code_cell("1", outputs=[output]),
        nbformat.v4.new_markdown_cell("A dot."),
    ]
    made = Tags(
        pages.notebook_page(nbformat.v4.new_notebook(cells=cells), pages.Card("x.html", "Why?", "", "", ""))
    ).found
    (image,) = (attrs for tag, attrs in made if tag == "img")
    assert sorted(image) == ["alt", "src"]
    links = [attrs.get("href") for tag, attrs in made if tag == "a"]
    assert links == ["index.html", None, "https://example.org", "index.html"]


def test_a_file_s_name_is_no_address_of_another_kind():
    card = pages.Card("javascript:x?1.html", "Why?", "", "", "")
    assert 'href="javascript%3Ax%3F1.html"' in front._card(card)


def test_a_changed_cell_or_tag_is_run_again_and_an_output_is_not():
    first = notebook("How many?", "1 + 1")
    key = running._key(first, "same")
    first["cells"][1]["outputs"] = [nbformat.v4.new_output("stream", text="2")]
    assert running._key(first, "same") == key
    assert running._key(first, "other") != key
    first["cells"][1]["metadata"]["tags"] = ["main-figure"]
    assert running._key(first, "same") != key


def test_a_file_beside_the_notebooks_counts_as_their_input(tmp_path):
    before = running._fingerprint(tmp_path)
    (tmp_path / "rows.csv").write_text("region\n", encoding="utf-8")
    assert running._fingerprint(tmp_path) != before
    before = running._fingerprint(tmp_path)
    (tmp_path / "new.ipynb").write_text("{}", encoding="utf-8")
    assert running._fingerprint(tmp_path) == before


def test_written_notebooks_are_the_same_bytes_each_time(tmp_path):
    path = tmp_path / "01.ipynb"
    nbformat.write(notebook("How many?", "print('b')", "6 * 7"), path)
    running.write_notebooks(tmp_path, lambda line: None)
    once = path.read_bytes()
    said = []
    running.write_notebooks(tmp_path, said.append)
    assert path.read_bytes() == once
    assert said[-1] == "  01.ipynb: as before"
    stored = nbformat.reads(once.decode(), as_version=4)
    assert [cell["execution_count"] for cell in stored["cells"][1:]] == [1, 2]
    assert stored["metadata"]["kernelspec"]["name"] == "python3"
    assert "version" not in stored["metadata"]["language_info"]
    assert not any("execution" in cell["metadata"] for cell in stored["cells"])


def test_a_text_that_comes_in_two_messages_is_kept_as_one(tmp_path):
    slow = "import time\nprint('first', flush=True)\ntime.sleep(0.5)\nprint('second')"
    nbformat.write(notebook("How many?", slow), tmp_path / "01.ipynb")
    running.write_notebooks(tmp_path, lambda line: None)
    (output,) = nbformat.read(tmp_path / "01.ipynb", as_version=4)["cells"][1]["outputs"]
    assert output["text"] == "first\nsecond\n"


def test_a_failure_leaves_every_notebook_as_it_was(tmp_path):
    nbformat.write(notebook("How many?", "print(1)"), tmp_path / "01.ipynb")
    nbformat.write(notebook("Why?", "missing"), tmp_path / "02.ipynb")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(RuntimeError, match=r"02\.ipynb, code cell 1: NameError"):
        running.write_notebooks(tmp_path, lambda line: None)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_the_deadliest_month_is_named_with_its_share():
    span = Span(pd.Timestamp("2023-01-01"), pd.Timestamp("2023-12-01"))
    deaths = pd.DataFrame({"month": pd.date_range("2022-01-01", periods=24, freq="MS"), "deaths_best": 1})
    deaths.loc[2, "deaths_best"] = 9
    one = SimpleNamespace(span=span, before=span.before, months=deaths)
    assert front.deadliest_month(one) == "One month, March 2022, holds 9 of the 20 deaths (best) of 2022."
    alone = SimpleNamespace(span=span, before=None, months=deaths)
    assert front.deadliest_month(alone) == "One month, January 2023, holds 1 of the 12 deaths (best) of 2023."


def test_regions_hold_the_sums_and_the_person_years_of_their_span():
    record = ms.load("region_month")
    span = Span(pd.Timestamp("2022-07-01"), pd.Timestamp("2023-06-01"))
    table = front.by_region(record, span)
    assert table["region"].tolist() == record["region"].unique().tolist()
    for column in ("events", "deaths_low", "deaths_best", "deaths_high"):
        assert table[column].sum() == span.of(record)[column].sum()
    panel = span.of(ms.add_population(record[record["type_of_violence"] == "one-sided"]))
    expected = panel[panel["region"] == "ML07"]["person_years"].sum()
    assert table.set_index("region").at["ML07", "person_years"] == pytest.approx(expected)
    assert pd.isna(table["person_years"].iloc[-1])


def test_a_region_has_no_rate_from_few_events_nor_without_people():
    columns = ["region", "region_name", "events", "deaths_low", "deaths_best", "deaths_high", "person_years"]
    rows = pd.DataFrame([
        ["ML05", "Mopti", 10, 1000, 1200, 1300, 300_000.0], ["ML08", "Kidal", 9, 5, 6, 7, 80_000.0],
        ["unallocated", "unallocated", 30, 50, 60, 70, None],
    ], columns=columns)  # fmt: skip
    many, few, nowhere = (front._region_cells((row,)) for row in rows.itertuples())
    assert many == ["Mopti", "1,200\n(1,000–1,300)", "400.0"]
    assert (few, nowhere) == (["Kidal", "6\n(5–7)", "–"], ["No region or month", "60\n(50–70)", "–"])


def test_both_years_are_mapped_on_one_scale_with_what_no_region_has(monkeypatch):
    drawn = []
    monkeypatch.setattr(front, "_drawn", lambda table, label, top: drawn.append((table, top)) or PNG)
    one = ms.brief()
    html = front._where(ms.load("region_month"), [one.span, one.before])
    (now, top), (before, same) = drawn
    assert top == same == max(table[table["region"] != "unallocated"]["deaths_best"].max() for table in (now, before))
    assert [table["deaths_best"].sum() for table in (now, before)] == [2109, 3650]
    alts = [attrs["alt"] for tag, attrs in Tags(html).found if tag == "img"]
    assert [re.search(r"in (\d{4})\. Most: (\w+)", alt).group(1, 2) for alt in alts] == [
        (y, "Mopti") for y in ("2023", "2022")
    ]
    for table, alt in zip((now, before), alts, strict=True):
        assert f"No region or month: {table.loc[table['region'] == 'unallocated', 'deaths_best'].iloc[0]}." in alt
    assert html.count("<tr>") == 1 + 11 and "INSTAT" in html


def test_a_record_of_one_year_has_one_map(monkeypatch):
    monkeypatch.setattr(front, "_drawn", lambda table, label, top: PNG)
    html = front._where(ms.load("region_month"), [ms.brief().span])
    assert html.count("<img") == 1 and html.count('<th scope="col">') == 3


def test_a_text_over_numbers_that_moved_is_marked(tmp_path):
    kept = notebook("How many?", "print(2 + 2)")
    code = next(cell for cell in kept["cells"] if cell["cell_type"] == "code")
    for shown, marked in (("4\n", False), ("5\n", True)):
        code["outputs"] = [nbformat.v4.new_output("stream", name="stdout", text=shown)]
        nbformat.write(kept, tmp_path / "01-how-many.ipynb")
        index = site.build_site(tmp_path / "build" / "report", tmp_path, lambda line: None)
        for page in (index, index.with_name("01-how-many.html")):
            assert (pages.MOVED in page.read_text(encoding="utf-8")) == marked
