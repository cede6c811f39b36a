"""Share links: their URLs, forms and previews."""
