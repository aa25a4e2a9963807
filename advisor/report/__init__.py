"""Results as terminal text, JSON and Markdown; pure functions of the data."""
