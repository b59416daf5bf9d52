"""Our books beside the gateway's own lists: what was read, where the two differ, and how that is put right."""
