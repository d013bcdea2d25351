"""What answers of all surfaces have in common."""

JSON = "application/json; charset=utf-8"  # REST-RES-02, C
