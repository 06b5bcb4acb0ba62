"""What is deployed: each file parses with its own tool, and everything that it names exists."""
