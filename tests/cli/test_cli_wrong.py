"""Wrong command lines: one line that names the option as it was typed, and no word of Python."""

import json
import re

import click
import pytest
from making import ROOT, seeds_folder
from shell import inside

from mali_stats.cli import ending, main

#: What is typed -> what has to be said.
WRONG = {
    "clean e.csv --country XXX": "--country 'XXX' is not an ISO3 code",
    "clean e.csv --country mali": "--country 'mali' is not an ISO3 code and not a folder named by one; did you mean 'MLI'?",
    "clean e.csv --country folder": "--country 'folder' is not an ISO3 code",
    "clean e.csv --country e.csv": "--country 'e.csv' is not an ISO3 code",
    "clean e.csv --rounds all": "--rounds is for displacement",
    "clean e.csv --out e.csv": "--out: e.csv is the file that is read",
    "clean e.csv --out folder": "--out: 'folder' ends otherwise",
    "clean e.csv --out full.csv": "--out: full.csv is there and no file",
    "clean e.csv --out none/x.csv": "--out: the folder none is not there",
    "clean none.csv": "There is no file none.csv",
    "clean empty.csv": "empty.csv is empty",
    "clean folder": "folder is a folder",
    "clean other.csv": "other.csv is none of the files that are known",
    "clean - -": "stdin (-) can be read once only",
    "panel e.csv --by nothing": "--by 'nothing' is not an event column to group by",
    "panel e.csv --by deaths_best": "--by 'deaths_best' is not an event column to group by",
    "panel e.csv --by dyad --by dyad": "--by: dyad is given twice",
    "panel e.csv --start 2012": "--start '2012' is not a month; write it as '2012-01'",
    "panel e.csv --end 2023-13": "--end '2023-13' is not a month",
    "panel e.csv --start 2023-05 --end 2022-01": "--start '2023-05' lies after --end '2022-01'; exchange them.",
    "panel e.csv --start 2031-05": "--start '2031-05' lies after --end '2023-01'; give both, or one within the record.",
    "check e.csv --country mli": "--country 'mli' is not an ISO3 code and not a folder named by one; did you mean 'MLI'?",
    "check e.csv none.csv --country folder": "--country 'folder' is not an ISO3 code",
    "panel e.csv --frame nowhere": "--frame 'nowhere' is not known for MLI",
    "panel e.csv --frame folder": "--frame 'folder' is a folder of seed tables of folder",
    "panel e.csv --coverage 2012-01 x": "--coverage 'x' is not a month",
    "panel e.csv --coverage 2012-01": "--coverage",
    "brief Nowhere": "region 'Nowhere' is not known; regions: Kayes (ML01)",
    "brief Gao --start 2023": "--start '2023' is no month",
    "brief Gao --end 2031-01": "--end '2031-01' lies outside the record",
    "brief Gao --start 2023-05 --end 2022-01": "--start '2023-05' lies after --end '2022-01'; exchange them.",
    "fetch hapi --dataset conflict-events": "Fetch the source itself: mali-stats fetch acled or mali-stats fetch ucdp.",
    "brief Gao --csv x.txt": "--csv: 'x.txt' ends otherwise",
    "brief Gao --csv none/x.csv": "--csv: the folder none is not there",
    "brief Gao --figure none/x.png": "--figure: the folder none is not there",
    "fetch nowhere": "SOURCE 'nowhere' is not known",
    "fetch ucdp --via x": "--via 'x' is not known",
    "fetch ucdp --version 3": "--version '3' is none of UCDP's",
    "fetch unhcr --start x": "--start 'x' is no day",
    "fetch unhcr --country Mali": "--country 'Mali' is not known",
    "fetch unhcr --via api": "--via 'api' cannot be kept to",
    "fetch ucdp --via download --country MLI": "choose when reading: mali-stats clean FILE --country MLI.",
    "report --out e.csv": "e.csv holds something else than an earlier report: give another --out",
    "report --notebooks none": "There is no notebook in none",
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a good file, an empty one, one of somebody else's, and folders where files are wanted."""
    (tmp_path / "e.csv").write_bytes((ROOT / "notebooks" / "made_up_rows.csv").read_bytes())
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    for name in ("folder", "full.csv"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("typed", WRONG)
def test_a_wrong_command_line_is_answered_as_it_was_typed(typed, here):
    before = {p.name: p.read_bytes() for p in here.iterdir() if p.is_file()}
    result = inside(*typed.split())
    assert (result.exit_code, result.stdout) == (2, ""), result.stderr
    assert WRONG[typed] in result.stderr
    python = r"\w=['\"(\[\d]|\bNone\b|\bms\.|Traceback|\b(read_events|region_month_panel|brief|export|fetch):"
    assert not re.search(python, result.stderr)
    assert {p.name: p.read_bytes() for p in here.iterdir() if p.is_file()} == before


def test_json_and_check_say_it_in_the_same_words(here):
    assert "--start '2012' is not a month" in inside("panel", "e.csv", "--start", "2012", "--json").stdout
    told = inside("check", "e.csv", "--country", "XXX", "--json")
    assert told.exit_code == 2 and "--country 'XXX' is not an ISO3 code" in json.loads(told.stdout)["error"]


def test_the_names_that_are_told_as_options_are_options():
    """And no option whose function has an argument of its name is left out."""
    known = {p.name for command in main.commands.values() for p in command.params if isinstance(p, click.Option)}
    assert set(ending.OPTIONS) <= known
    alone = {"out", "as_json", "population", "table", "figure", "notebooks", "show", "together"}
    assert known - set(ending.OPTIONS) == alone


def test_a_folder_of_ones_own_gives_the_people_too(here):
    folder = seeds_folder(here)
    (folder / "census.csv").write_text(
        "month,frame,region,parent,de_jure,households\n"
        + "".join(f"{m},bfa2,{r},{r},{n},\n" for m, n in (("2006-12", 10), ("2019-11", 20)) for r in ("BF1", "BF2"))
    )
    rows = (here / "e.csv").read_text(encoding="utf-8").replace(",Mali,432,", ",Burkina Faso,439,")
    rows = re.sub(r"(Mopti|Gao|Kidal|Ménaka|Tombouctou) region", "Sahel region", rows)
    (here / "e.csv").write_text(rows, encoding="utf-8")
    result = inside("panel", "e.csv", "--country", "./BFA", "--population", "--start", "2022-01", "--end", "2022-03")
    assert result.exit_code == 0, result.stderr
    assert "person_years" in result.stdout.splitlines()[0] and ",BF2," in result.stdout
