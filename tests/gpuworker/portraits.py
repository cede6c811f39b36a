"""The human faces among the portraits beside the project."""

PORTRAITS = ("bouguereau_child", "einstein_1904", "la_velata", "lady_agnew", "mona_lisa")
