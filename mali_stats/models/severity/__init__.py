"""How rare is such a day? Tails of event sizes, and how often a size is reached."""
