"""Reading meeting transcripts of every common format into one list of utterances."""
