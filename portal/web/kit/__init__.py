"""What every page is made of: rendering, forms, words, errors and protection. docs/web-kit.md shows how to use it."""
