"""Models of panels: trends, breaks, severity and forecasts, each returning a result with ``.tidy()``."""
