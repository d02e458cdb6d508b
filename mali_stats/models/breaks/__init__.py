"""Did anything change, and when? Breaks that the data choose, and placebo dates."""
