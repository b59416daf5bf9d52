"""What the scheduler's duties and the worker processes say of themselves, for the page of jobs."""
