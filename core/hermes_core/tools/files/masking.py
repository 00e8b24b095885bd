"""The session's masking of text that a model may write back."""

from __future__ import annotations

import msgspec

from hermes_core.events import FileDiff
from hermes_core.security.redaction import Redactor
from hermes_core.tools.base import ToolContext
from hermes_core.tools.files.page import Mask


def mask_of(ctx: ToolContext) -> Mask:
    """Return the mask of the session's redactor, or of one by shapes alone."""
    redactor = ctx.services.get(Redactor)
    if redactor is None:
        redactor = Redactor(enabled=ctx.settings.security.redact_secrets)
    mask: Mask = redactor.redact_for_file_tool
    return mask


def masked_diff(diff: FileDiff, mask: Mask) -> FileDiff:
    """Return the change with secrets masked, for screens and the store."""
    shown, masked = mask(diff.unified)
    return msgspec.structs.replace(diff, unified=shown) if masked else diff
