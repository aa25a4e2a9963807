"""What the app does per request, given, assumed or measured, and always labelled as such."""
