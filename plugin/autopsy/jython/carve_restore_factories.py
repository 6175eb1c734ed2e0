"""The factories that Autopsy finds: it reads this file as text and looks for the two lines that begin with `class`."""

from __future__ import unicode_literals

import carve_restore_settings as settings
from carve_restore_data_source import CarveRestoreDataSourceModule
from carve_restore_file import CarveRestoreFileModule
from carve_restore_installed import VERSION
from carve_restore_words import MODULE_NAME
from org.sleuthkit.autopsy.ingest import IngestModuleFactoryAdapter


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
        return CarveRestoreDataSourceModule(settings.generic(ingestOptions))

    def getDefaultIngestJobSettings(self):
        return settings.defaults()

    def hasIngestJobSettingsPanel(self):
        return True

    def getIngestJobSettingsPanel(self, ingestOptions):
        return settings.SettingsPanel(settings.generic(ingestOptions), settings.IMAGE_FIELDS, settings.SWITCHES)


class CarveRestoreFileFactory(IngestModuleFactoryAdapter):
    """Restores the damaged JPEGs among the files of a data source."""

    def getModuleDisplayName(self):
        return MODULE_NAME + " (files)"

    def getModuleDescription(self):
        return "Restores the damaged ones among the JPEGs that Autopsy lists."

    def getModuleVersionNumber(self):
        return VERSION

    def isFileIngestModuleFactory(self):
        return True

    def createFileIngestModule(self, ingestOptions):
        return CarveRestoreFileModule(settings.generic(ingestOptions))

    def getDefaultIngestJobSettings(self):
        return settings.defaults()

    def hasIngestJobSettingsPanel(self):
        return True

    def getIngestJobSettingsPanel(self, ingestOptions):
        return settings.SettingsPanel(settings.generic(ingestOptions), settings.FILE_FIELDS, {})
