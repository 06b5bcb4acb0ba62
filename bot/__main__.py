"""Run the ``imaginebot`` command with ``python -m bot``."""

from bot.cli import main

main()
