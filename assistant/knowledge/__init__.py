"""What ingest writes and workers search: chunks, their embeddings and the index over them."""
