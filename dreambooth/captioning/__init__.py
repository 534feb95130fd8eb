"""Models of others that say what a picture shows; the user brings their files."""
