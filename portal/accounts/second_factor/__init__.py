"""The second step of an employee's login: one-time codes of an app, and backup codes on paper."""
