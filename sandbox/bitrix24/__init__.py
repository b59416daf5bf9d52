"""A Bitrix24 portal: its REST interface, what it holds, the events it sends, and pages for its staff."""
