"""What is read from disk when a dataset is named: folders, lists of pictures, datasets of other trainers.

``listing.py`` beside this package knows names of files alone; here is what the files around a picture say.
"""
