"""HTTP server: Daphne with deadlines and streamed bodies."""
