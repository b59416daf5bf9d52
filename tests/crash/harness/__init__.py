"""The crash run: real processes charge while they are killed, cut off and lied to; then the gateway's books are compared.

`make crash N= SEED= HOSTS=`. The sandbox is a process of its own that is never killed: its journal is the oracle.
"""
