"""What a worker can be asked to do; one file for each kind of job."""
