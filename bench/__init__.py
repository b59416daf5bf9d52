"""Measurements: each prints what it measured beside what it is measured against, in one run. `make bench`."""
