"""A faithful stand-in for the outside world: YooKassa, a mailbox and time itself.

A program of its own (`python -m sandbox`): it imports nothing of the product and speaks HTTP and SMTP only.
"""
