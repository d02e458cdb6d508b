"""Refits on a real cluster of two worker processes: the same numbers to the last digit, also when one is killed."""

import os
import signal
import time

import joblib
import numpy as np
import pandas as pd
import pytest

import mali_stats as ms
from mali_stats.models import spread as module
from mali_stats.models.forecasts import forecast
from mali_stats.models.severity import power_tail
from mali_stats.models.trends import covariance

pytestmark = pytest.mark.whole

distributed = pytest.importorskip("distributed", reason="distributed, of the extra [dask], is not installed")

MONTHS = pd.date_range("2012-01-01", periods=144, freq="MS")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0",
        local_directory=str(tmp_path_factory.mktemp("dask")), silence_logs=50,
    )  # fmt: skip
    with made, distributed.Client(made) as client:
        yield client


def panel(regions=3):
    rng = np.random.default_rng(1)
    frame = pd.MultiIndex.from_product([[f"r{i}" for i in range(regions)], MONTHS], names=["region", "month"])
    frame = frame.to_frame(index=False)
    mean = 8 * np.exp(0.1 * (frame["month"].dt.year - 2012))
    return frame.assign(deaths=rng.poisson(mean * rng.gamma(2, 0.5, len(frame))))


def drawn(frame, draws=12):
    rng = np.random.default_rng(2)
    table = frame.rename(columns={"deaths": "reported"}).merge(pd.DataFrame({"draw": range(draws)}), how="cross")
    return table.assign(deaths=rng.poisson(table["reported"] * rng.gamma(25, 1 / 25, len(table))))


def trend_over_draws():
    frame = panel()
    trend = ms.fit_trend(frame, "deaths", by="region", draws=drawn(frame))
    return pd.concat([trend.tidy(), trend.estimate.pooled], axis=1)


def bootstrap_of_regions():
    return ms.fit_trend(panel(10), "deaths", by="region", cov="cluster").tidy()


def goodness_of_fit():
    sizes = ms.load("sizes").query("year >= 2012")
    each = sizes["size"].repeat(sizes["events"])
    power, pareto = (ms.fit_tail(each, n_boot=40, model=model).made_up for model in ("powerlaw", "gpd"))
    return pd.DataFrame({"powerlaw": power, "gpd": pareto})


def forecasts():
    y = ms.load("state_based_month").set_index("month")["deaths_best"]
    methods = {"trend": "trend", "moments": "nb_moments", "own": own}
    return ms.rolling_origin(y, methods, ["2019-10", "2020-10", "2021-10"], horizon=12, lead=3).tidy()


def own(history, horizon, seed):
    return np.random.default_rng(seed).poisson(history.iloc[-12:].mean(), (horizon, 50))


JOBS = [trend_over_draws, bootstrap_of_regions, goodness_of_fit, forecasts]


@pytest.mark.parametrize("job", JOBS)
def test_a_cluster_gives_the_numbers_of_one_process(cluster, job):
    here = job()
    with joblib.parallel_config("dask"):
        there = job()
    pd.testing.assert_frame_equal(here, there, check_exact=True)


@pytest.mark.parametrize("job", JOBS)
def test_threads_give_them_too(job):
    here = job()
    with joblib.parallel_config("threading", n_jobs=2):
        there = job()
    pd.testing.assert_frame_equal(here, there, check_exact=True)


def pids(client):
    client.wait_for_workers(2)
    return client.run(os.getpid)


def slowly(at, value):
    time.sleep(0.15)
    return value.sum(), os.getpid()


def test_the_work_is_done_by_the_workers(cluster):
    tasks = [(i, np.full(1000, i)) for i in range(12)]
    with joblib.parallel_config("dask"):
        done = list(module.spread(slowly, tasks))
    assert [total for total, _ in done] == [1000 * i for i in range(12)]
    assert {pid for _, pid in done} == set(pids(cluster).values())


KILLED_IN = [(trend_over_draws, covariance), (goodness_of_fit, power_tail), (forecasts, forecast)]


@pytest.mark.slow
@pytest.mark.parametrize(("job", "spreading"), KILLED_IN)
def test_a_worker_killed_half_way_changes_nothing(cluster, monkeypatch, job, spreading):
    here = job()
    killed = min(pids(cluster).values())

    def killing(function, tasks):
        for i, done in enumerate(module.spread(function, tasks)):
            if i == 2:
                os.kill(killed, signal.SIGKILL)
            yield done

    monkeypatch.setattr(spreading, "spread", killing)
    with joblib.parallel_config("dask"):
        there = job()
    pd.testing.assert_frame_equal(here, there, check_exact=True)
    assert gone(killed)


def gone(pid, seconds=20):
    """Tell whether a process has ended, and has been buried by the one that began it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def fatal_once(marker, values):
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return values.sum()


@pytest.mark.slow
def test_what_a_worker_was_at_when_it_was_killed_is_done_again(cluster, tmp_path):
    cluster.wait_for_workers(2)  # of one worker joblib makes no use, and the task would end this process
    tasks = [(tmp_path / "killed", np.full(20_000, i)) for i in range(8)]
    with joblib.parallel_config("dask"):
        assert list(module.spread(fatal_once, tasks)) == [20_000 * i for i in range(8)]
    assert (tmp_path / "killed").exists()
