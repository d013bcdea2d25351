"""Surface 4: the file storage behind signed URLs."""
