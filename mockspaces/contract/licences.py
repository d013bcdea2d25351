"""Names of licences: what bulk updates and seeds call them, and what they are called in a user (USERS-BULK-12)."""

PRODUCT_TYPE = "zangspaces"  # DM-LIC-01, D
EXPIRATION = "2300-05-01T16:00:00.000Z"  # DM-LIC-01, D: of a licence that never ends
SERVICE_TYPES = {
    "spaces_business": "zangspaces_business",
    "spaces_power": "zangspaces_power",
}  # A: "zang" + the name of the bulk update
