"""The virtual clock: who owns it, how it is moved, how time is played through."""
