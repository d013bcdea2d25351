"""What happens inside spaces: messages, files, meetings, and the lists that people have of their own."""
