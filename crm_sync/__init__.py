"""The CRM port and its adapters. Money state is never taken from a CRM."""
