"""The customer's cabinet: what is due, agreeing and paying, what was paid, and how to stop."""
