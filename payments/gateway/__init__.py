"""The port to the payment gateway and its YooKassa adapter."""
