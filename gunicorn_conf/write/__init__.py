"""Configuration as data in, text out."""
