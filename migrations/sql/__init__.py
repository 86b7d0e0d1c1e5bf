"""The SQL of the revisions; a file is never changed once a database may have run it."""
