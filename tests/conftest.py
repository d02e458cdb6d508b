"""What all tests share: plots without a screen, and properties tried on the same examples everywhere."""

import gc
import signal
import threading

import matplotlib
from hypothesis import HealthCheck, settings

matplotlib.use("Agg")

# A busy machine is no fault of the code (no deadline), and a run can be repeated (seeded by the test itself).
settings.register_profile("house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

# A job that a shell puts into the background ignores Ctrl-C, and so would all processes that tests start to stop them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish():
    """What stands once all tests are imported stays to the end: the collector need not walk over it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 25, 50)
