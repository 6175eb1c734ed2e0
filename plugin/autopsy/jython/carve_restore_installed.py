"""Where the program is; `carve-restore autopsy-install` writes this file anew for the machine it is run on."""

from __future__ import unicode_literals

COMMAND = "carve-restore"
VERSION = "uninstalled"
