"""The floor everything stands on: settings, time, money, database, events. Knows no business noun."""
