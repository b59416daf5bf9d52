"""`kabinet backup` and `kabinet restore`: the whole database in one file, and back without charging anybody twice."""
