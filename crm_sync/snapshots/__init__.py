"""Our objects as they should stand in the CRM now."""
