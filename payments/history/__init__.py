"""The history of every status: who changed what, when, and on whose word."""
