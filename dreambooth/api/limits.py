"""How much a request may bring."""

MOST_JSON_BYTES = 8 << 20
MOST_FILES = 250
MOST_UPLOAD_BYTES = 2 << 30
