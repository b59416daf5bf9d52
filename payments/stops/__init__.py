"""A second memory of stops, outside PostgreSQL: what customers refused after a backup is still refused when it is restored."""
