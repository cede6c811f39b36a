"""HTTP: what an answer depends on besides its address, and limits for clients."""
