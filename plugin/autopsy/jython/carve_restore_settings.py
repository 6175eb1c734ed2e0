"""The settings of an ingest job, the panel that asks for them, and the command line they make.

Autopsy writes settings to the disk, so the key is never among them: only the path of the file that holds it.
"""

from __future__ import unicode_literals

import re

import carve_restore_process as process
from carve_restore_installed import COMMAND
from carve_restore_words import MODULE_NAME
from java.awt import GridBagConstraints, GridBagLayout, Insets
from java.io import File
from javax.swing import JCheckBox, JLabel, JTextField
from org.sleuthkit.autopsy.ingest import GenericIngestModuleJobSettings, IngestModuleIngestJobSettingsPanel
from org.sleuthkit.autopsy.ingest.IngestModule import IngestModuleException

IMAGE_FIELDS = (
    ("command", "Program", "The carve-restore program; usually right as it is."),
    ("key_file", "Key file", "File with the volume's master key, as hex or raw bytes. Empty: not encrypted."),
    ("password_file", "Password file", "File with the password of a LUKS volume or Android crypto footer."),
    ("footer", "Crypto footer", "File with the Android crypto footer or LUKS header, where it is not in the volume."),
    ("cipher", "Cipher", "As dm-crypt writes it. Empty: aes-cbc-essiv:sha256."),
    ("nand", "NAND layout", "Preset or file of the layout of a raw NAND dump. Empty: no raw NAND."),
    ("volume", "Partition", "Its number, from 1. Empty: the whole image."),
    ("effort", "Effort", "Work spent on reversing bit flips, 0 to 3. Empty: 2."),
    ("jobs", "Processes", "How many restore side by side. Empty: as many as there are cores."),
    ("more", "Further options", 'As on the command line, such as --sector-size 4096; "quoted" where they hold spaces.'),
)
FILE_FIELDS = tuple(field for field in IMAGE_FIELDS if field[0] in ("command", "effort", "jobs", "more"))
SWITCHES = {"carve_only": "Carve only, restore nothing"}
OWN_OPTIONS = (
    "--key",
    "--password",
    "-o",
    "--output",
    "--json-progress",
    "--quiet",
    "--resume",
    "--examiner",
    "--case",
)
"""Options the module sets itself, or whose value must not be stored."""
NUMBERS = ("volume", "effort", "jobs")
FILE_OPTIONS = {
    "key_file": ("--key", "file:"),
    "password_file": ("--password", "file:"),
    "footer": ("--footer", ""),
}
PLAIN_OPTIONS = ("cipher", "nand") + NUMBERS
_WORDS = re.compile(r'"([^"]*)"|(\S+)')


class BadSetting(Exception):
    """A setting that cannot be; the message says which."""


def defaults():
    """Settings as a new job shows them."""
    settings = GenericIngestModuleJobSettings()
    settings.setSetting("command", COMMAND)
    return settings


def value(settings, name):
    """A setting's text; empty where it was never set."""
    return (settings.getSetting(name) or "").strip()


def command(settings):
    """The program to run."""
    return value(settings, "command") or COMMAND


def options(settings, fields):
    """The options of the command line that the settings ask for, as far as the fields go.

    Raises:
        BadSetting: a file is missing, a number is none, or an option is not for this field.
    """
    made = []
    for name, _, _ in fields:
        text = value(settings, name)
        if text and name in FILE_OPTIONS:
            option, prefix = FILE_OPTIONS[name]
            if not File(text).canRead():
                raise BadSetting("the %s %s cannot be read" % (name.replace("_", " "), text))
            made += [option, prefix + text]
        elif text and name in NUMBERS and not text.isdigit():
            raise BadSetting("%s must be a number, not %s" % (name, text))
        elif text and name in PLAIN_OPTIONS:
            made += ["--" + name, text]
        elif name == "more":
            made += further_options(text)
    if fields is IMAGE_FIELDS and value(settings, "carve_only") == "true":
        made.append("--carve-only")
    return made


def further_options(text):
    """The words of the field for further options.

    Raises:
        BadSetting: one of them is set elsewhere or would store a secret.
    """
    words = [quoted or plain for quoted, plain in _WORDS.findall(text)]
    for word in words:
        if word.split("=")[0] in OWN_OPTIONS:
            raise BadSetting("%s cannot stand among the further options" % word.split("=")[0])
    return words


class SettingsPanel(IngestModuleIngestJobSettingsPanel):
    """A field for each setting. (An attribute named `settings` would be shadowed by the bean property.)"""

    def __init__(self, settings, fields, switches):
        self.local_settings = settings
        self.fields = {}
        self.switches = {}
        self.setLayout(GridBagLayout())
        for row, (name, label, hint) in enumerate(fields):
            field = JTextField(value(settings, name), 24)
            field.setToolTipText(hint)
            self.fields[name] = field
            caption = JLabel(label)
            caption.setToolTipText(hint)
            self.add(caption, _cell(0, row))
            self.add(field, _cell(1, row))
        for row, (name, label) in enumerate(sorted(switches.items())):
            switch = JCheckBox(label, value(settings, name) == "true")
            self.switches[name] = switch
            self.add(switch, _cell(1, len(fields) + row))

    def getSettings(self):
        """The settings as the fields now hold them."""
        for name, field in self.fields.items():
            self.local_settings.setSetting(name, field.getText().strip())
        for name, switch in self.switches.items():
            self.local_settings.setSetting(name, "true" if switch.isSelected() else "false")
        return self.local_settings


def _cell(column, row):
    cell = GridBagConstraints()
    cell.gridx, cell.gridy = column, row
    cell.anchor = GridBagConstraints.WEST
    cell.insets = Insets(2, 4, 2, 4)
    return cell


def generic(stored):
    """The settings, or the defaults where an older version stored a class that is no longer there."""
    return stored if isinstance(stored, GenericIngestModuleJobSettings) else defaults()


def check(settings, fields):
    """The options that the settings ask for, and the version of the program, while the examiner still looks.

    Raises:
        IngestModuleException: a setting cannot be, or the program does not start.
    """
    try:
        return options(settings, fields), process.version(command(settings))
    except (BadSetting, process.CommandMissing) as error:
        raise IngestModuleException("%s: %s" % (MODULE_NAME, error))
