"""Names of licences: what bulk updates and seeds call them, and what they are called in a user (USERS-BULK-12)."""

SERVICE_TYPES = {
    "spaces_business": "zangspaces_business",
    "spaces_power": "zangspaces_power",
}  # A: "zang" + the name of the bulk update
