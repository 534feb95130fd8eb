"""What differs between the webuis and our own server."""
