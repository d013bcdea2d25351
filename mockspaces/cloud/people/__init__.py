"""Companies, registered and anonymous users, and what belongs to one of them alone."""
