"""Products and prices: what self-service sells."""
