"""The product in one thread: its processes, its Redis, its clock and its gateway are moved step by step by hypothesis.

The crash run kills real processes and cannot be repeated exactly; this can, but sees no two statements at once.
"""
