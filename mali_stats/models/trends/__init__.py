"""Is it getting worse? Trends of counts, with breaks at known dates, and what their intervals rest on."""
