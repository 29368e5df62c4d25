"""One class for each kind of thing that the API has."""
