"""The doctor: what must be true of the books at every moment, asked of the database itself."""
