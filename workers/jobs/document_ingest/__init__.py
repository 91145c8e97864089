"""Adding attached files to the company's documents, asked for by an administrator."""
