"""What the modules say to an examiner about one file of the report, in plain words; Python 2.7, as Jython runs it."""

from __future__ import unicode_literals

MODULE_NAME = "carve-restore"

MEANINGS = {
    "intact": "no damage found",
    "exact": "all damage reversed: the original byte stream",
    "repaired": "all visible damage reversed; whether these are the original bytes is less sure",
    "restored": "no block is empty; some were placed or generated",
    "partial": "some blocks are lost",
    "unrecoverable": "no picture could be made",
    "error": "the tool itself failed on these; the report says how",
    "carved": "restoring was not asked for",
}

CONTINUING = "The carved bytes stay untouched beside it; the provenance map tells block by block which is which."


def set_name(entry):
    """The set of interesting items that what was made of a file belongs to."""
    if entry["status"] == "exact":
        return "JPEGs whose bit flips were reversed"
    if entry["status"] == "repaired":
        return "JPEGs whose visible damage was reversed"
    if entry["mcus"]["generated"]:
        return "JPEGs restored with generated blocks (enhancement, not evidence)"
    return "JPEGs restored without generated blocks"


def justification(entry):
    """Which part of a picture is evidence, which was moved or corrected, and which is made up."""
    mcus = entry["mcus"]
    total = mcus["total"]
    said = []
    if mcus["generated"]:
        said.append(
            "%s blocks (MCUs) are GENERATED: their pixels come from the thumbnail or a network. They are an "
            "enhancement and never evidence." % share(mcus["generated"], total)
        )
    else:
        said.append("No block is generated.")
    if mcus["intact"]:
        said.append("%s are decoded as stored." % share(mcus["intact"], total))
    if mcus["repaired"]:
        said.append(
            "%s were decoded after reversing bit flips (%d flips, each with its probability in report.json)."
            % (share(mcus["repaired"], total), len(entry["bit_flips"]))
        )
    if entry.get("exact_probability") is not None:
        said.append("That these are the original bytes has a probability of %s." % percent(entry["exact_probability"]))
    if mcus["placed"]:
        said.append("%s hold stored bits whose position or brightness was corrected." % share(mcus["placed"], total))
    if mcus["lost"]:
        said.append("%s are lost." % share(mcus["lost"], total))
    unplaced = [segment for segment in entry.get("segments", ()) if not segment["placed"]]
    if unplaced:
        said.append(
            "%d stretches of stored bits, %d blocks, belong to it but their place is not known: they are in the report "
            "and in segments/, not in the picture." % (len(unplaced), sum(segment["mcus"] for segment in unplaced))
        )
    said.append(CONTINUING)
    return " ".join(said)


def percent(probability):
    """A probability in percent, never rounded to certainty; as the reports say it."""
    if probability >= 0.9999:
        return "over 99.99 %"
    return "%.2f %%" % (100.0 * probability) if probability >= 0.0001 else "under 0.01 %"


def share(count, total):
    """A count out of a total, with its percentage."""
    return "%d of %d (%.1f %%)" % (count, total, 100.0 * count / total if total else 0.0)


def identity(entry, written):
    """How to find a file again in report.json, and what its digest covers."""
    return "report.json entry: layer %s, offset %d; SHA-256 %s covers %s" % (
        entry["layer"],
        entry["offset"],
        written["sha256"],
        written["covers"],
    )


def tally(files):
    """Lines such as `2 exact: all damage reversed`, in the order of the statuses."""
    counts = {}
    for entry in files:
        name = "error" if entry["error"] else entry["status"] or "carved"
        counts[name] = counts.get(name, 0) + 1
    order = ("intact", "exact", "repaired", "restored", "partial", "unrecoverable", "error", "carved")
    return ["%d %s: %s" % (counts[name], name, MEANINGS[name]) for name in order if name in counts]
