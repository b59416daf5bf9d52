"""Whose installation this is: the company, its legal entities, its gateway shops, its document numbers."""
