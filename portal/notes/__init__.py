"""Notes: what employees tell each other about a customer."""
