"""``mali-stats panel``: the function's panel, with both accounts."""

import inspect
import json

import pandas as pd
import pytest
from making import WEB_MALI, needs_raw, record, records, seeds_folder, text, write
from shell import inside, shell

import mali_stats as ms
from mali_stats import schema, synthetic
from mali_stats.cli import main, panel


@pytest.fixture
def events(tmp_path):
    return write(tmp_path / "GEDEvent_v24_1.csv", text(records(12)))


def laid_out(result, tmp_path):
    return pd.read_csv(write(tmp_path / "got.csv", result.stdout), dtype=str, keep_default_na=False)


@pytest.mark.slow
@pytest.mark.parametrize(("options", "named"), [
    ([], {}), (["--start", "2012-03", "--end", "2015-02"], {"start": "2012-03", "end": "2015-02"}),
    (["--frame", "country", "--start", "2012-01"], {"frame": "country", "start": "2012-01"}),
    (["--by", "type_of_violence", "--by", "family_a", "--start", "2020-01"],
     {"by": ["type_of_violence", "family_a"], "start": "2020-01"}),
    (["--spread", "end", "--max-geo-precision", "exact", "--max-date-precision", "day"],
     {"spread": "end", "max_geo_precision": "exact", "max_date_precision": "day"}),
    (["--coverage", "2013-01", "2016-12"], {"coverage": ("2013-01", "2016-12")}),
])  # fmt: skip
def test_the_panel_is_that_of_the_function(options, named, events, tmp_path):
    result = inside("panel", events, *options)
    table, _ = ms.read_events(events)
    expected, ledger = ms.region_month_panel(table, **named)
    assert result.exit_code == 0
    assert result.stdout == expected.to_csv(index=False, lineterminator="\n")
    account = [line for line in result.stderr.splitlines() if not line.startswith("Note:")]
    assert len(account) == 1 + len(ms.read_events(events)[1]) + len(ledger)
    assert account[-1].split()[2] == f"{expected['events'].sum():,}"


def test_every_argument_of_the_function_is_an_option():
    wanted = set(inspect.signature(ms.region_month_panel).parameters) - {"events"}
    assert wanted <= {p.name for p in main.commands["panel"].params}
    options = {p.name: p for p in main.commands["panel"].params}
    for name, default in inspect.signature(ms.region_month_panel).parameters.items():
        if isinstance(default.default, str):
            assert options[name].default == default.default
    assert panel.DATE_PRECISIONS == schema.DATE_PRECISION and panel.GEO_PRECISIONS == schema.GEO_PRECISION


def test_population_is_joined_on_request(events, tmp_path):
    table = ms.region_month_panel(ms.read_events(events)[0], start="2020-01")[0]
    for census in ("de_jure", "households"):
        result = inside("panel", events, "--start", "2020-01", "--population", "--census", census)
        expected = ms.add_population(table, census=census)
        assert result.stdout == expected.to_csv(index=False, lineterminator="\n")
    assert "population" not in inside("panel", events, "--start", "2020-01").stdout


def test_a_folder_of_seed_tables_gives_the_regions_too(tmp_path):
    file = write(
        tmp_path / "b.csv",
        text([record(1, country="Burkina Faso", country_id=439, adm_1="Sahel region", adm_2="Soum province")]),
    )
    folder = seeds_folder(tmp_path)
    got = laid_out(inside("panel", file, "--country", folder), tmp_path)
    assert set(got["region_name"]) == {"Sahel", "Boucle du Mouhoun", "unallocated"} and set(got["frame"]) == {"bfa2"}
    one = laid_out(inside("panel", file, "--country", folder, "--frame", "country"), tmp_path)
    assert set(one["region"]) == {"BFA", "unallocated"}


def test_json_holds_both_accounts_and_out_the_panel(events, tmp_path):
    out = tmp_path / "panel.parquet"
    got = json.loads(inside("panel", events, "--json", "--out", out).stdout)
    steps = [line["step"] for line in got["ledger"]]
    assert steps[0] == "read" and steps[-1] == "panel" and got["rows"] == len(pd.read_parquet(out))
    said = out.with_suffix(".txt").read_text(encoding="utf-8")
    assert (
        "What: events by region and month, from: UCDP GED, bulk\n" in said and "Source: UCDP GED, CC BY 4.0\n" in said
    )


def test_notes_name_options_in_the_place_of_arguments(tmp_path):
    result = inside("panel", write(tmp_path / "untold.csv", text(records(3))))
    assert "Give --coverage FIRST LAST, or --end, where it goes on" in result.stderr
    assert "coverage=" not in result.stderr and "end=" not in result.stderr


def test_acled_has_empty_cells_and_not_zeros(tmp_path):
    made = synthetic.acled_file(synthetic.two_records(40, seed=4))
    result = inside("panel", write(tmp_path / made.name, made.content), "--frame", "country")
    got = laid_out(result, tmp_path)
    assert set(got["deaths_low"]) == {""} and got["deaths_best"].astype(int).sum() > 0


@pytest.mark.parametrize(("options", "said"), [
    (["--frame", "nowhere"], "'nowhere' is not known"), (["--by", "colour"], "'colour' is not an event column"),
    (["--start", "soon"], "'soon' is not a month"), (["--coverage", "2013-01"], "requires 2 arguments"),
    (["--spread", "weeks"], "'weeks' is not one of"), (["--country", "BFA"], "no row of country 'BFA'"),
])  # fmt: skip
def test_wishes_that_cannot_be_met(options, said, events):
    result = inside("panel", events, *options)
    assert (result.exit_code, result.stdout) == (2, "") and said in result.stderr and "Traceback" not in result.stderr


def test_displacement_and_files_without_a_row_make_no_panel(tmp_path):
    made = synthetic.gidd(seed=1)
    result = inside("panel", write(tmp_path / made.name, made.content))
    assert (
        result.exit_code == 2
        and "A panel is made of events, and this is a file of displacement (IDMC GIDD)" in result.stderr
    )
    assert inside("panel", write(tmp_path / "head.csv", text([]))).exit_code == 2


def test_clean_into_panel_through_a_pipe_is_the_panel_of_the_file(events):
    cleaned = shell("clean", events).stdout
    assert shell("panel", "-", "--end", "2023-12", stdin=cleaned).stdout.decode() == inside("panel", events).stdout


@needs_raw
def test_the_shipped_figures_are_those_of_the_command(tmp_path):
    out = tmp_path / "panel.csv"
    assert inside("panel", WEB_MALI, "--country", "MLI", "--by", "type_of_violence", "--out", out).exit_code == 0
    got, shipped = pd.read_csv(out), ms.load("region_month")
    assert got["deaths_best"].sum() == shipped["deaths_best"].sum() == 15742
    keys = ["region", "type_of_violence", "month"]
    both = shipped.astype({"month": str, "type_of_violence": str}).merge(got, on=keys, suffixes=("", "_got"))
    assert len(both) == len(shipped) and (both["deaths_best"] == both["deaths_best_got"]).all()
