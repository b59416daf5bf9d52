"""Bringing customers and contracts over from files: read, judge every row, then store all of it or nothing."""
