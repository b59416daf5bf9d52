"""The staff desk: what employees see and do."""
