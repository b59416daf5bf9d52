"""The audit log: who of the company did what to which object. Appended, never changed."""
