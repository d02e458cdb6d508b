"""What all tests share: plots without a screen, and the raw files where they are."""

import matplotlib

matplotlib.use("Agg")
