"""One suite of what ``bot/jobs/adapter.py`` promises, for every adapter that is installed; see ``place``."""
