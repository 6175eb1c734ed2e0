"""Messages to the examiner, in Autopsy's ingest inbox."""

from __future__ import unicode_literals

from carve_restore_words import MODULE_NAME
from org.sleuthkit.autopsy.ingest import IngestMessage, IngestServices

MessageType = IngestMessage.MessageType


def say(kind, subject, details):
    """Put a message into the inbox; the details are HTML."""
    IngestServices.getInstance().postMessage(IngestMessage.createMessage(kind, MODULE_NAME, subject, details))


def html_list(lines):
    """Lines as a list; whatever stands in them is text, not markup."""
    escaped = [line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for line in lines]
    return "<ul><li>%s</li></ul>" % "</li><li>".join(escaped) if escaped else ""
