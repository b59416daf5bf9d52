"""One HTTP client for whatever a test asks by itself."""

from __future__ import annotations

import httpx

# To make a client reads all certificates of the machine, 31 ms, and nothing here speaks TLS. No connection is kept:
# whoever is asked may have been started anew since.
WEB = httpx.Client(verify=False, trust_env=False, timeout=30, limits=httpx.Limits(max_keepalive_connections=0))
