"""Share links: their addresses, forms and previews."""
