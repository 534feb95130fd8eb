"""What each job is asked, described field by field as settings are: page, command line and HTTP draw from it.

Where a form is made of several, the fields of the last one named come first.
"""
