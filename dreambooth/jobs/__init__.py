"""Jobs: giving them, starting and finding their workers, following what they say."""
