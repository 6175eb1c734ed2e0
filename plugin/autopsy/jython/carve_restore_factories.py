"""The factories that Autopsy finds: it reads this file as text and looks for the two lines that begin with `class`."""

from __future__ import unicode_literals

import carve_restore_settings as settings
from carve_restore_data_source import CarveRestoreDataSourceModule
from carve_restore_installed import VERSION
from carve_restore_words import MODULE_NAME
from org.sleuthkit.autopsy.ingest import GenericIngestModuleJobSettings, IngestModuleFactoryAdapter


class CarveRestoreDataSourceFactory(IngestModuleFactoryAdapter):
    """Carves and restores a whole disk image."""

    def getModuleDisplayName(self):
        return MODULE_NAME

    def getModuleDescription(self):
        return "Carves JPEGs from the image, decrypts it where a key is given, and restores damaged pictures."

    def getModuleVersionNumber(self):
        return VERSION

    def isDataSourceIngestModuleFactory(self):
        return True

    def createDataSourceIngestModule(self, ingestOptions):
        return CarveRestoreDataSourceModule(_generic(ingestOptions))

    def getDefaultIngestJobSettings(self):
        return settings.defaults()

    def hasIngestJobSettingsPanel(self):
        return True

    def getIngestJobSettingsPanel(self, ingestOptions):
        return settings.SettingsPanel(_generic(ingestOptions))


def _generic(ingest_options):
    """The settings, or the defaults where an older version stored a class that is no longer there."""
    if isinstance(ingest_options, GenericIngestModuleJobSettings):
        return ingest_options
    return settings.defaults()
