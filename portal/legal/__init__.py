"""Legal texts by edition: what people agree to, word for word, and proof of the words."""
