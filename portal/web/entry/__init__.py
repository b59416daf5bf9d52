"""The way in: registration, confirmation, login, recovery; and what a person sets about their own login."""
