"""Every decision about what publishers give, each beside its reason, with an account of all rows."""
