"""Opens files into which labeld has written a label with other people's libraries, and looks for the label.

usage: read_written.py ORIGINALS FOLDER [LABEL-ID]

ORIGINALS is the list that write-documents was given, FOLDER what it wrote. For Office files python-docx, openpyxl and
python-pptx must open what they open of the originals, and must show the label where it stands in custom properties; exiftool
must show it in all files that carry it in custom properties or in a PDF; qpdf --check must say of a PDF what it says of its
original, and pikepdf must see the label in information dictionary and XMP. A tool that is missing is left out with a line
that says so. Exits with 1 when anything is wrong.
"""

import collections
import json
import pathlib
import shutil
import subprocess
import sys
import warnings
import zipfile

warnings.simplefilter("ignore")
LABEL = "11111111-2222-4333-8444-555555555555"


def open_document(path):
    import docx

    document = docx.Document(path)
    return len(document.paragraphs), len(document.part.package.parts)


def open_workbook(path):
    import openpyxl

    book = openpyxl.load_workbook(path)
    names = book.custom_doc_props.names if hasattr(book, "custom_doc_props") else []
    return book.sheetnames, names


def open_presentation(path):
    import pptx

    return len(pptx.Presentation(path).slides), None


OPENERS = {
    "doc": ("python-docx", open_document),
    "dot": ("python-docx", open_document),
    "xls": ("openpyxl", open_workbook),
    "xlt": ("openpyxl", open_workbook),
    "ppt": ("python-pptx", open_presentation),
    "pps": ("python-pptx", open_presentation),
    "pot": ("python-pptx", open_presentation),
}


def outcome(opener, path):
    try:
        return "ok", opener(path)
    except ImportError:
        raise
    except Exception as error:
        return type(error).__name__, None


def exif_facts(path):
    """Names and values that exiftool shows; of a prefixed custom.xml it shows names as values."""
    output = subprocess.run(["exiftool", "-j", "-a", str(path)], capture_output=True, check=False).stdout
    facts = json.loads(output)[0] if output else {}
    return facts.get("FileType"), [*facts, *map(str, facts.values())]


def is_in_custom(path):
    with zipfile.ZipFile(path) as package:
        names = [name for name in package.namelist() if name.lower().startswith("docprops/custom")]
        return any(LABEL.encode() in package.read(name).replace(b"\0", b"") for name in names)


class Check:
    def __init__(self):
        self.wrong = []
        self.counts = collections.Counter()
        self.missing = set()

    def say(self, path, what):
        self.wrong.append(f"{path.name}: {what}")

    def office(self, original, written):
        tool, opener = OPENERS.get(written.suffix[1:4], (None, None))
        if opener:
            try:
                before, after = outcome(opener, original), outcome(opener, written)
            except ImportError:
                self.missing.add(tool)
            else:
                self.counts[f"{tool}: {'opened' if after[0] == 'ok' else 'refused, as the original'}"] += 1
                if before[0] != after[0]:
                    self.say(written, f"{tool}: {after[0]}, original {before[0]}")
                if tool == "openpyxl" and after[0] == "ok" and is_in_custom(written):
                    if not any(LABEL in (name or "") for name in after[1][1]):
                        self.say(written, "openpyxl does not show the label")
                    self.counts["openpyxl: label seen"] += 1
        if is_in_custom(written):
            self.exiftool(written)

    def exiftool(self, written):
        if not shutil.which("exiftool"):
            self.missing.add("exiftool")
            return
        file_type, shown = exif_facts(written)
        plain = LABEL.replace("-", "")
        if any(plain in text.replace("-", "").lower() for text in shown):
            self.counts["exiftool: label seen"] += 1
        elif file_type == "TXT":
            self.counts["exiftool: takes it for text, as the original"] += 1
        else:
            self.say(written, "exiftool does not show the label")

    def pdf(self, original, written):
        if shutil.which("qpdf"):
            codes = [
                subprocess.run(["qpdf", "--check", str(path)], capture_output=True, check=False).returncode
                for path in (original, written)
            ]
            self.counts[f"qpdf --check: {'clean' if codes[1] == 0 else 'as the original'}"] += 1
            if codes[1] != 0 and codes[1] != codes[0]:
                self.say(written, f"qpdf --check: {codes[1]}, original {codes[0]}")
        else:
            self.missing.add("qpdf")
        try:
            import pikepdf
        except ImportError:
            self.missing.add("pikepdf")
        else:
            with pikepdf.open(written) as pdf:
                info = any(LABEL in str(key) for key in pdf.docinfo.keys()) if "/Info" in pdf.trailer else False
                metadata = pdf.Root.get("/Metadata")
                packet = metadata.read_bytes() if metadata is not None else b""
                xmp = LABEL.encode() in packet.replace(b"\0", b"")
                places = "+".join(name for name, found in (("info", info), ("xmp", xmp)) if found) or "none"
                self.counts[f"pikepdf: label in {places}"] += 1
                if places == "none" or (places != "info+xmp" and b"pdfaid" not in packet.replace(b"\0", b"")):
                    self.say(written, f"pikepdf sees the label in {places}")
        self.exiftool(written)


def main():
    originals = pathlib.Path(sys.argv[1]).read_text().splitlines()
    check = Check()
    for written in sorted(pathlib.Path(sys.argv[2]).iterdir()):
        original = pathlib.Path(originals[int(written.name.split("-", 1)[0])])
        (check.pdf if written.suffix == ".pdf" else check.office)(original, written)
    for what, count in sorted(check.counts.items()):
        print(f"{count:5} {what}")
    for tool in sorted(check.missing):
        print(f"skipped: {tool} is missing")
    for what in check.wrong:
        print(f"WRONG {what}")
    return 1 if check.wrong else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    LABEL = sys.argv[3] if len(sys.argv) > 3 else LABEL
    sys.exit(main())
