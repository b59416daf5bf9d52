"""Letters to customers: written in a transaction, sent by a job, kept as they were sent."""
