"""The plan as a file: written for review, read strictly, and held to when it is run."""
