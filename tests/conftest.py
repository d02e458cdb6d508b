"""What all tests share: plots without a screen, and the raw files where they are."""

import gc

import matplotlib

matplotlib.use("Agg")


def pytest_collection_finish():
    """What stands once all tests are imported stays to the end: the collector need not walk over it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 25, 50)
