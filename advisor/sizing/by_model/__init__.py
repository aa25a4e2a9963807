"""Workers and threads from what was measured of an app: every shape predicted, the cheapest of the fast ones taken."""
