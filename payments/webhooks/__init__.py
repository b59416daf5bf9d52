"""Notifications of the gateway: stored first, believed never."""
