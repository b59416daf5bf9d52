"""What the packages above may use of the portal, besides `portal.web.kit`. Nothing yet: the CRM mirror reads events."""
