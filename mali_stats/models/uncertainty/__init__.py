"""How sure is a number? Distributions of a toll, draws of totals, pooling, heaping."""
