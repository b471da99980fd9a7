"""How migrations are made and applied."""
