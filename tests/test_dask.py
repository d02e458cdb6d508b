"""Dask: any partition of the rows gives the events, the panel and the accounts that pandas gives, on a cluster too."""

import itertools
import os
import signal
import threading
import time
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import COLUMNS, RAW, WEB_MALI, needs_raw, record, records, text, write
from pandas.testing import assert_frame_equal

import mali_stats as ms
from mali_stats import synthetic
from mali_stats.clean import dask_events

pytestmark = pytest.mark.whole

dask = pytest.importorskip("dask", reason="the extra dask is not installed")
dd = pytest.importorskip("dask.dataframe", reason="the extra dask is not installed")

VERSIONED = [*COLUMNS, "source_version"]
NULLS = {"keep_default_na": False, "na_values": ["", "NA", "NaN"]}


@pytest.fixture(autouse=True)
def one_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


def partitioned(frame, cuts):
    """A Dask DataFrame of the rows between the cuts, empty partitions included."""
    edges = [0, *sorted(cuts), len(frame)]
    parts = [frame.iloc[a:b].reset_index(drop=True) for a, b in itertools.pairwise(edges)]
    return dd.from_delayed([dask.delayed(part) for part in parts], meta=frame.iloc[:0], verify_meta=False)


def in_order(events):
    return events.sort_values(["date_start", "event_id"], ignore_index=True)


def assert_same_account(one, other):
    """Equal but for what the rows are called: a file has a name, a Dask DataFrame has none."""
    tables = [ledger.tidy() for ledger in (one, other)]
    for table in tables:
        table["reason"] = table["reason"].str.replace(r"^rows in .* \(", "rows (", regex=True)
    assert_frame_equal(*tables)
    assert one.notes == other.notes


def assert_same(path, table, country=None, **panel):
    """read_events and region_month_panel give the same from a file and from a Dask DataFrame of its columns."""
    events, ledger = ms.read_events(path, country=country)
    lazy, account = ms.read_events(table, country=country)
    found = lazy.compute()
    assert (lazy.dtypes == events.dtypes).all() and (found.dtypes == events.dtypes).all()
    assert_frame_equal(in_order(found), in_order(events))
    assert_same_account(account, ledger)
    cells, account = ms.region_month_panel(events, **panel)
    lazy_cells, lazy_account = ms.region_month_panel(lazy, **panel)
    assert_frame_equal(lazy_cells, cells)
    assert_frame_equal(lazy_account.tidy(), account.tidy())
    assert lazy_account.notes == account.notes
    return events


# ---- any partition of the rows gives the same --------------------------------------------------------------

KINDS = st.sampled_from(["plain", "plain", "copy", "newer", "alike", "unplaced", "crossing", "odd", "elsewhere"])


def made(kinds):
    """Rows of which some are copies, newer versions, look alike, lie nowhere, cross months, are odd or lie elsewhere."""
    rows = []
    for i, kind in enumerate(kinds):
        row = records(i + 1)[i] | {"source_version": "24.1"}
        if rows and kind in ("copy", "newer", "alike"):
            change = {
                "copy": {},
                "newer": {"source_version": f"25.0.{i % 12 + 1}", "high": 99},
                "alike": {"id": 900 + i},
            }
            row = rows[i // 2] | change[kind]
        elif kind == "unplaced":
            row |= {"adm_1": "", "adm_2": "", "where_prec": 6, "best": ""}
        elif kind == "crossing":
            row |= {"date_end": str((pd.Timestamp(row["date_start"]) + pd.Timedelta(days=50)).date()), "date_prec": 4}
        elif kind == "odd":
            row |= {"relid": f"MUP-1-{i}.2", "low": 70, "side_a": "Government of Mali", "code_status": "Check"}
        elif kind == "elsewhere":
            row |= {"country": "Burkina Faso", "country_id": 439, "adm_1": "Sahel region", "adm_2": ""}
        rows.append(row)
    return rows


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_any_partition_of_the_rows_gives_the_same(data, tmp_path_factory):
    rows = made(data.draw(st.lists(KINDS, min_size=2, max_size=12)))
    order = data.draw(st.permutations(rows))
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=3))
    path = write(tmp_path_factory.mktemp("made") / "made_up.csv", text(rows, VERSIONED))
    frame = pd.read_csv(write(path.parent / "mixed.csv", text(order, VERSIONED)), dtype=str, **NULLS)
    by = data.draw(st.sampled_from([None, "type_of_violence", ["side_b", "geo_precision"]]))
    assert_same(path, partitioned(frame, cuts), by=by, max_geo_precision=data.draw(st.sampled_from(["area", "exact"])))


@pytest.mark.slow
def test_acled_in_partitions(tmp_path):
    export = synthetic.acled_file(synthetic.two_records(150, states=2, seed=4), "current")
    path = write(tmp_path / export.name, export.content)
    frame = pd.read_csv(path, dtype=str, **NULLS)
    again = pd.concat([frame, frame.iloc[[3, 30]], frame.iloc[[5]].assign(timestamp="4000000000", fatalities="77")])
    again.to_csv(path, index=False)
    events = assert_same(path, partitioned(again, [20, 20, 90]), by="event_type", frame="country", start="2015-01")
    assert events.set_index("event_id").loc[frame["event_id_cnty"].iloc[5], "deaths_best"] == 77


def test_one_country_and_coverage_by_region(tmp_path):
    path = write(tmp_path / "made_up.csv", text(made(["plain", "elsewhere", "plain", "crossing", "elsewhere", "copy"])))
    table = partitioned(pd.read_csv(path, dtype=str), [2, 4])
    coverage = pd.DataFrame(
        {"region": ["ML05", "ML07"], "start": ["2012-01", "2013-01"], "end": ["2020-12", "2014-12"]}
    )
    assert_same(path, table, country="MLI", coverage=coverage)
    with pytest.raises(ValueError, match=r"no row of country 'TCD' in the file. It holds MLI \(\d\), BFA \(2\)"):
        ms.read_events(table, country="TCD")


@pytest.mark.slow
@needs_raw
def test_the_real_files_in_partitions():
    frame = pd.read_csv(WEB_MALI, dtype=str, index_col=False, encoding="utf-8-sig", **NULLS)
    assert_same(WEB_MALI, dd.from_pandas(frame, npartitions=4, sort=False), by="type_of_violence")
    sudan = RAW / "ucdp" / "hdx_sudan.csv.gz"  # with a row of HXL tags
    assert_same(sudan, partitioned(pd.read_csv(sudan, dtype=str, **NULLS), [1500, 3000]), frame="country")


# ---- columns as Dask reads them ----------------------------------------------------------------------------


@pytest.mark.parametrize("options", [
    {}, {"parse_dates": ["date_start", "date_end"]}, {"dtype": str}, {"dtype": str, "keep_default_na": False},
    {"dtype": {"country": "category", "adm_1": "category"}}, {"dtype_backend": "pyarrow"},
])  # fmt: skip
def test_text_and_typed_columns_give_the_same(options, tmp_path):
    rows = [row | ({"best": "", "latitude": ""} if i == 3 else {}) for i, row in enumerate(records(6))]
    path = write(tmp_path / "made_up.csv", text(rows))
    events, ledger = ms.read_events(path)
    lazy, account = ms.read_events(dd.read_csv(str(path), **options))
    assert_frame_equal(in_order(lazy.compute()), in_order(events))
    assert_same_account(account, ledger)


def test_numbers_become_their_own_text():
    numbers = np.random.default_rng(0).uniform(-180, 180, 500)
    form = dask_events.publications.form_of(dask_events.files.Table("made up", list(record()), "dask", -1))
    texts = dask_events.as_text(pd.DataFrame({"latitude": numbers}), {"latitude": "latitude"}, form, 0)["latitude"]
    assert texts.map(float).tolist() == numbers.tolist()


@pytest.mark.parametrize(("change", "message"), [
    ({"source_version": [25.1] * 6}, r"partition [01] .*column source_version \(float64\): the publisher has words here.*dtype=str"),
    ({"adm_1": [1, 2, 3, 4, 5, 6]}, r"column adm_1 \(int64\): the publisher has words"),
    ({"best": ["6"] * 5 + ["twelve"]}, r"(?s)partition 1 of the Dask DataFrame.*row 2, column best: got 'twelve'"),
    ({"date_start": pd.Series(pd.to_datetime(["2020-01-01"] * 6)).dt.tz_localize("Asia/Tokyo")}, "times of the zone Asia/Tokyo"),
])  # fmt: skip
def test_what_cannot_be_read_is_told_by_partition_and_row(change, message):
    frame = pd.DataFrame(records(6)).assign(**change)
    with pytest.raises(ValueError, match=message):
        ms.read_events(partitioned(frame, [3]))


def test_arguments_that_dask_has_no_use_for(tmp_path):
    table = partitioned(pd.DataFrame(records(4)).astype(str), [2])
    with pytest.raises(ValueError, match="has its own partitions; leave chunks out"):
        ms.read_events(table, chunks=5)
    with pytest.raises(ValueError, match="no layout that read_events knows"):
        ms.read_events(table[["id", "best"]])
    events = ms.read_events(table)[0]
    with pytest.raises(ValueError, match="is an events table already"):
        ms.read_events(events)
    with pytest.raises(ValueError, match="frame='nowhere' is not known"):
        ms.region_month_panel(events, frame="nowhere")
    with pytest.raises(ValueError, match="spread='never' is not known"):
        ms.region_month_panel(events, spread="never")


def test_an_events_table_kept_as_parquet_is_laid_out(tmp_path):
    events, _ = ms.read_events(write(tmp_path / "made_up.csv", text(records(9))))
    events.to_parquet(tmp_path / "events.parquet")
    kept = dd.read_parquet(tmp_path / "events.parquet")
    for by in (None, "type_of_violence"):
        panel, _ = ms.region_month_panel(events, by=by)
        assert_frame_equal(ms.region_month_panel(kept.repartition(npartitions=3), by=by)[0], panel)
    with pytest.raises(ValueError, match="9 events stand in several rows of the Dask DataFrame"):
        ms.region_month_panel(dd.concat([kept, kept]))


def test_contradictions_and_monadic_exports_are_refused_across_partitions(tmp_path):
    frame = pd.DataFrame([*records(4), records(1)[0] | {"high": 50}]).astype(str)
    with pytest.raises(
        ValueError, match="1 event ids stand in rows that differ.*: 100. Event 100 differs in deaths_high"
    ):
        ms.read_events(partitioned(frame, [2]))
    export = synthetic.acled_file(synthetic.two_records(40, states=2, seed=4), "current")
    frame = pd.read_csv(write(tmp_path / "acled.csv", export.content), dtype=str, **NULLS)
    other = frame.assign(actor1=frame["actor2"], actor2=frame["actor1"], inter1=frame["inter2"], inter2=frame["inter1"])
    monadic = pd.concat([frame, other[other["actor1"].notna()]])
    with pytest.raises(ValueError, match="monadic"):
        ms.read_events(partitioned(monadic, [20, 40]))


# ---- two processes -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sockets and ports, which are the cluster's own business
        with (
            distributed.LocalCluster(
                n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1",
                silence_logs=50,
            ) as started,
            distributed.Client(started) as client,
        ):  # fmt: skip
            yield client


@pytest.fixture
def many(tmp_path):
    """A file of a few hundred made-up events with copies, and a Dask DataFrame of it."""
    content = synthetic.ucdp_file(synthetic.two_records(600, scenario="hard", states=3, seed=6), "bulk").content
    path = write(tmp_path / "made_up.csv", content)
    frame = pd.read_csv(path, dtype=str, **NULLS)
    again = pd.concat([frame, frame.iloc[::40]])
    again.to_csv(path, index=False)
    return path, again


def test_two_worker_processes_give_the_same(cluster, many):
    path, frame = many
    with dask.config.set(scheduler=None):
        assert_same(path, partitioned(frame, [100, 200, 300]), by="type_of_violence")


def _slowly(frame):
    time.sleep(0.4)
    return frame


@pytest.mark.slow
def test_a_killed_worker_costs_time_but_no_event(cluster, many):
    path, frame = many
    events, ledger = ms.read_events(path)
    panel, account = ms.region_month_panel(events)
    with dask.config.set(scheduler=None):
        table = partitioned(frame, range(80, len(frame), 80)).map_partitions(_slowly, meta=frame.iloc[:0])
        lazy, lazy_ledger = ms.read_events(table)
        victim = next(iter(cluster.run(os.getpid).values()))
        threading.Timer(1.0, os.kill, (victim, signal.SIGKILL)).start()
        lazy_panel, lazy_account = ms.region_month_panel(lazy)
    assert victim not in cluster.run(os.getpid).values()
    assert_same_account(lazy_ledger, ledger)
    assert_frame_equal(lazy_panel, panel)
    assert_frame_equal(lazy_account.tidy(), account.tidy())
