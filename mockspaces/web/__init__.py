"""Surface 5: the web app's links for humans, each a plain page (MISC-WEB-01)."""
