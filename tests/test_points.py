"""Points of displacement and the waterfall of a ledger, tested by reading their artists."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import date2num

import mali_stats as ms
from mali_stats.plots.theme import GREY, MISSING, PALETTE


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def figures():
    return ms.load("displacement")


@pytest.fixture(scope="module")
def idps(figures):
    return figures[figures["indicator"] == "idps"]


@pytest.fixture(scope="module")
def refugees(figures):
    rows = figures.query("indicator == 'refugees' and measure == 'stock' and country == 'MLI'")
    return rows[rows["as_of"] >= "2012-01-01"]


def points(ax) -> dict:
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def source_line(ax) -> str:
    return next(t.get_text() for t in ax.texts if t.get_gid() == "source").replace("\n", " ")


def test_every_published_stock_is_a_point(idps):
    ax = ms.plot_points(idps)
    drawn = points(ax)
    assert list(drawn) == ["IDMC", "IOM DTM", "OCHA", "UNHCR"]
    assert sum(len(line.get_ydata()) for line in drawn.values()) == len(idps)
    assert {line.get_linestyle() for line in drawn.values()} == {"None"}
    assert [line.get_color() for line in drawn.values()] == list(PALETTE[:4])
    assert len({line.get_marker() for line in drawn.values()}) == 4, "told apart without colour"
    unhcr = drawn["UNHCR"]
    at = dict(zip(unhcr.get_xdata(), unhcr.get_ydata(), strict=True))
    assert at[np.datetime64("2024-12-31")] == 360591
    assert ax.get_ylim()[0] == 0 and ax.get_ylabel() == "displaced within the country, people"
    text = source_line(ax)
    for part in ("IDMC", "IOM DTM Mali", "OCHA Mali", "UNHCR", "Shown: 1994-12 to 2025-12"):
        assert part in text


def test_steps_hold_until_the_next_and_never_over_a_gap(idps):
    ax = ms.plot_points(idps[idps["source"] == "iom_dtm"])
    (steps,) = [line for line in ax.lines if line.get_gid() == "steps"]
    x, y = date2num(steps.get_xdata()), steps.get_ydata()
    before = np.isclose(x, date2num(pd.Timestamp("2023-04-30"))) & np.isfinite(y)
    assert set(y[before]) == {412387, 375539}, "down from the last figure to the new one"
    inside = (x[:-1] >= date2num(pd.Timestamp("2016-06-30"))) & (x[1:] <= date2num(pd.Timestamp("2020-10-31")))
    assert not np.isfinite(y[:-1][inside & (np.diff(x) > 1)]).any()


def test_low_and_high_show_as_bars(idps):
    two = idps[idps["source"] == "ocha"].assign(low=400_000, high=480_000)
    ax = ms.plot_points(two)
    assert [p.vertices[:, 1].tolist() for c in ax.collections for p in c.get_paths()] == [[400_000.0, 480_000.0]]


def test_refugees_by_asylum_country(refugees):
    ax = ms.plot_points(refugees, by="asylum_country")
    drawn = points(ax)
    assert list(drawn)[:2] == ["MRT", "NER"] and list(drawn)[-1] == "others" and len(drawn) == 7
    at = pd.Timestamp("2024-12-31")
    total = sum(
        dict(zip(pd.to_datetime(line.get_xdata()), line.get_ydata(), strict=True)).get(at, 0) for line in drawn.values()
    )
    assert total == 354075, "others are added up, nobody is lost"
    assert ax.get_ylabel() == "refugees, people" and source_line(ax).startswith("Source: UNHCR")


@pytest.mark.parametrize(("change", "message"), [
    (lambda f: f[f["indicator"].isin(["idps", "new_displacement"])], "movements in a period stand at no day"),
    (lambda f: f[f["measure"].eq("stock")], "rows of more than one indicator"),
    (lambda f: f[f["indicator"].eq("people_in_need")], "two figures for the same people and day"),
    (lambda f: f[f["indicator"].eq("idps")].assign(best=pd.NA), "no row has a figure"),
    (lambda f: f[:0], "the frame has no rows"), (lambda f: f.drop(columns="unit"), "missing column unit"),
])  # fmt: skip
def test_what_points_refuse(figures, change, message):
    with pytest.raises(ValueError, match=message):
        ms.plot_points(change(figures))


def test_levels_that_cannot_be_told_apart(figures, idps, refugees):
    with pytest.raises(ValueError, match="column asylum_country is missing in"):
        ms.plot_points(idps, by="asylum_country")
    many = pd.concat([idps.assign(source=f"s{i}") for i in range(8)], ignore_index=True)
    with pytest.raises(ValueError, match="source has 8 levels and no more than 7 can be told apart"):
        ms.plot_points(many)
    with pytest.raises(ValueError, match="sources quote each other"):
        ms.plot_points(pd.concat([refugees, refugees.assign(source="copy")]), by="asylum_country")
    with pytest.raises(TypeError, match=r"a pandas.DataFrame is wanted"):
        ms.plot_points([1])


# ---- the waterfall -----------------------------------------------------------------------------------------


def bars(ax, colour) -> dict:
    """Year -> (bottom, top) of the bars of a colour."""
    from matplotlib.colors import same_color

    found = [b for b in ax.patches if same_color(b.get_facecolor(), colour)]
    return {round(b.get_x() + b.get_width() / 2): (b.get_y(), b.get_y() + b.get_height()) for b in found}


def test_the_waterfall_closes(figures):
    ledger = ms.stock_flow_ledger(figures[figures["source"] == "idmc"])
    ax = ms.plot(ledger)
    new, exits, closing = (bars(ax, colour) for colour in (PALETTE[1], PALETTE[0], GREY))
    for row in ledger.dropna(subset=["implied_net_exits"]).itertuples():
        assert new[row.year] == (row.opening, row.opening + row.new)
        assert exits[row.year] == (row.opening + row.new, row.closing)
        assert closing[row.year] == (0, row.closing)
    assert set(closing) == set(range(2012, 2025)) and 2015 not in exits
    assert list(bars(ax, MISSING["facecolor"])) == [2015]
    assert ax.get_ylim()[0] == 0 and ax.get_ylim()[1] > max(top for _, top in new.values())
    labels = [t.get_text() for t in ax.get_legend().get_texts()]
    assert labels == ["newly displaced", "implied net exits", "stock, 31 December", "no flow published"]
    assert "exits are opening + new - closing" in source_line(ax)


def test_the_waterfall_is_of_one_source_with_flows(figures):
    ledger = ms.stock_flow_ledger(figures)
    with pytest.raises(ValueError, match="a waterfall is of one source; this ledger has idmc, iom_dtm, unhcr"):
        ms.plot(ledger)
    with pytest.raises(ValueError, match="no year of this ledger has its exits"):
        ms.plot(ledger[ledger["source"] == "unhcr"])


def test_plot_picks_points_for_figures_and_draws_where_told(idps):
    _, ax = plt.subplots()
    assert ms.plot(idps, ax=ax, source="made up") is ax
    assert source_line(ax).startswith("Source: made up")


# ---- series ------------------------------------------------------------------------------------------------


def test_series_do_not_add_up_what_counts_the_same_people(figures, refugees):
    years = refugees.assign(year=refugees["as_of"].dt.year)
    ax = ms.plot_series(years, "best", time="year")
    drawn = dict(zip(ax.lines[0].get_xdata(), ax.lines[0].get_ydata(), strict=True))
    assert drawn[2024] == 354075
    idps = figures[figures["indicator"] == "idps"]
    with pytest.raises(ValueError, match="sources quote each other"):
        ms.plot_series(idps.assign(year=idps["as_of"].dt.year), "best", time="year")
    dtm = idps[idps["source"] == "iom_dtm"]
    with pytest.raises(ValueError, match="stocks of 3 dates"):
        ms.plot_series(dtm.assign(year=dtm["as_of"].dt.year), "best", time="year")
