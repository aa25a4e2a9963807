"""Real Gunicorn processes under real requests, and what they showed."""
