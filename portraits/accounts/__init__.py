"""Accounts: sign-up, sign-in, sessions of browsers, and groups."""
