"""TODO: this room's purpose, in one paragraph."""
