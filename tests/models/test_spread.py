"""Many fits of one kind: in order, in parts that no worker decides, by products that no thread decides."""

import os
import subprocess
import sys

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mali_stats.models.spread import in_parts, predictors, products, spread


def pid_and(value):
    return os.getpid(), value


def backend_inside(value):
    return type(joblib.parallel.get_active_backend()[0]).__name__


def doubled(values, by):
    return values * by, values.sum(axis=1)


def test_without_a_configuration_all_is_done_here():
    assert list(spread(pid_and, ((i,) for i in range(5)))) == [(os.getpid(), i) for i in range(5)]
    assert list(spread(pid_and, [])) == []


def test_a_configuration_moves_it_and_keeps_the_order():
    with joblib.parallel_config("loky", n_jobs=2):
        done = list(spread(pid_and, ((i,) for i in range(6))))
    assert [value for _, value in done] == list(range(6))
    assert os.getpid() not in {pid for pid, _ in done}


def test_what_is_spread_is_not_spread_again_and_a_single_task_may_be():
    with joblib.parallel_config("threading", n_jobs=2):
        assert set(spread(backend_inside, [(1,), (2,)])) == {"SequentialBackend"}
        assert list(spread(backend_inside, [(1,)])) == ["ThreadingBackend"]


def test_tasks_are_taken_as_they_are_needed():
    taken = []
    done = spread(pid_and, ((taken.append(i), i)[1:] for i in range(100)))
    next(done)
    assert len(taken) < 10
    done.close()


@settings(max_examples=30, deadline=None)
@given(rows=st.integers(0, 12), cells=st.integers(1, 60))
def test_parts_put_together_are_the_whole(rows, cells):
    values = np.arange(4.0 * rows).reshape(rows, 4)
    both, sums = in_parts(doubled, values, cells=cells, rest=(2,))
    np.testing.assert_array_equal(both, 2 * values)
    np.testing.assert_array_equal(sums, values.sum(axis=1))


def test_a_part_holds_about_as_many_cells_as_asked():
    sizes = []
    in_parts(
        lambda values, one: (sizes.append((values.size, len(one))), values)[1:],
        np.ones((10, 30)),
        np.ones((1, 3)),
        cells=100,
    )
    assert sizes == [(90, 1), (90, 1), (120, 1)]


@pytest.mark.parametrize(
    ("replicates", "rows", "columns"), [(1, 7, 3), (3, 4000, 75), (40, 1003, 20), (0, 50, 2), (2, 50, 9500)]
)
def test_products_are_those_of_matrices(replicates, rows, columns):
    rng = np.random.default_rng(1)
    W, M, coef = (rng.normal(size=shape) for shape in ((replicates, rows), (rows, columns), (replicates, columns)))
    np.testing.assert_allclose(products(W, M), W @ M, atol=1e-10)
    np.testing.assert_allclose(predictors(coef, M), coef @ M.T, atol=1e-10)


DIGITS = """
import numpy as np
from mali_stats.models.spread import predictors, products
from mali_stats.models.trends.refit import refit
rng = np.random.default_rng(1)
t = np.arange(4000) / 4000
X = np.column_stack([np.ones(4000), *(np.cos(k * t) for k in range(1, 9))])
y = rng.negative_binomial(2, 0.2, 4000)
fits = refit(X, y, weights=rng.integers(0, 3, (17, 4000)), family="nb2")
print(fits.coef.tobytes().hex(), fits.alpha.tobytes().hex())
for replicates in (1, 2, 5, 17, 35, 100):
    for columns in (15, 75):
        W, M = rng.normal(size=(replicates, 4000)), rng.normal(size=(4000, columns))
        print(products(W, M).tobytes().hex(), predictors(W[:, :columns], M).tobytes().hex())
"""


@pytest.mark.slow
def test_the_number_of_threads_moves_no_digit():
    out = [
        subprocess.run([sys.executable, "-c", DIGITS], env=os.environ | {"OPENBLAS_NUM_THREADS": n, "OMP_NUM_THREADS": n},
                       capture_output=True, text=True, check=True).stdout
        for n in ("1", "2")
    ]  # fmt: skip
    assert out[0] == out[1] and len(out[0]) > 1000
