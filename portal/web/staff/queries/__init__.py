"""What the pages of the desk read: Core selects into small dataclasses, one query where one will do."""
