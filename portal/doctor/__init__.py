"""The doctor's words, its command and its run on schedule."""
