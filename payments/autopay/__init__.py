"""Standing permissions to charge: methods, consents, notices, and every way to stop them."""
