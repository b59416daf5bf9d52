"""Files of payments that employees ask for: made by a worker, kept for a day."""
