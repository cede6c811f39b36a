"""HTTP: content negotiation, error responses, client addresses and rate limits."""
