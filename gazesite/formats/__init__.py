"""How Django writes times where nobody says otherwise, by language."""
