"""What people touch: accounts, cabinet, staff desk, notifications, command line."""
