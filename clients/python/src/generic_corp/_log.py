"""What the client has to say to an operator; nothing that anybody wrote, and no secret."""

import logging

log = logging.getLogger("generic_corp")
