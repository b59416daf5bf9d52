"""The desk's pages about the mirror."""
