"""Who is calling: credentials, OAuth clients, grants, tokens, service apps."""
