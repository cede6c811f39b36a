"""Image files: headers, costs, colours and decoding."""
