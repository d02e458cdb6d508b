"""What comes next, and when to worry? Forecasts, scores and alerts."""
