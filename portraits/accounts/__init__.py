"""Accounts: sign-up, sign-in, browser sessions, and groups."""
