"""What all tests share: plots without a screen, and properties tried on the same examples everywhere."""

import matplotlib
from hypothesis import HealthCheck, settings

matplotlib.use("Agg")

# A busy machine is no fault of the code (no deadline), and a run can be repeated (seeded by the test itself).
settings.register_profile("house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
