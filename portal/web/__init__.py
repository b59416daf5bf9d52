"""What people open in a browser: the customer's cabinet, the staff desk, the pages before login."""
