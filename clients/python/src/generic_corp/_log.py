"""What the client tells whoever runs it; no secret, and nothing that anybody wrote."""

import logging

log = logging.getLogger("generic_corp")
