"""The job side: synchronous. It claims a job, runs its kind, checks the answer and stores the reply."""
