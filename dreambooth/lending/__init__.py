"""What webuis and workers pass to each other in ``.hosts`` of the models folder, read by both sides."""
