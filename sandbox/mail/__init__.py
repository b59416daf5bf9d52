"""The mailbox: every letter that the product sends ends here and can be read."""
