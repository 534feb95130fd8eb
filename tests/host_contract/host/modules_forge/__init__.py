"""What only Forge has."""
