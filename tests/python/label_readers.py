"""What other programs see of a label that labeld wrote: python-docx, openpyxl, python-pptx, pikepdf, qpdf and exiftool.

usage: label_readers.py WRITER [--office] FOLDER...

WRITER is `write-documents` of benches/. Every file of the folders that may be written gets a label, in custom properties and
once more in the label list; each program must open it as it opened the original, find the same content, and see the label.
--office has LibreOffice read a sample of each Office type, too.
"""

import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import docx
import openpyxl
import pikepdf
import pptx

from emulated import Checks

WORD = {"docx", "docm", "dotx", "dotm"}
EXCEL = {"xlsx", "xlsm", "xltx", "xlam"}
POWERPOINT = {"pptx", "pptm", "potx", "potm", "ppsx", "ppsm"}
# What LibreOffice turns each kind into: text that has the custom properties in it.
FLAT = [(WORD, "fodt"), (EXCEL, "fods"), (POWERPOINT, "fodp")]

LABEL = "11111111-2222-4333-8444-555555555555"
PROPERTY = f"MSIP_Label_{LABEL}_Enabled"
LABEL_LIST = "/docMetadata/LabelInfo.xml"


def extension(path):
    return path.suffix[1:].lower()


def package_properties(package):
    """The custom properties' XML of an opened package, and whether it has a label list."""
    parts = {str(part.partname): part.blob for part in package.iter_parts()}
    custom = [blob for name, blob in parts.items() if name.lower().startswith("/docprops/custom")]
    return b"".join(custom).decode(), LABEL_LIST in parts


def read_docx(path):
    document = docx.Document(path)
    text = [paragraph.text for paragraph in document.paragraphs]
    return text, package_properties(document.part.package)


def read_pptx(path):
    presentation = pptx.Presentation(path)
    text = [
        shape.text_frame.text for slide in presentation.slides for shape in slide.shapes if shape.has_text_frame
    ]
    return text, package_properties(presentation.part.package)


def read_xlsx(path):
    workbook = openpyxl.load_workbook(path)
    cells = [[cell.value for cell in row] for sheet in workbook.worksheets for row in sheet.iter_rows()]
    names = " ".join(prop.name for prop in workbook.custom_doc_props.props)
    # openpyxl does not show parts that it does not know.
    return json.dumps(cells, default=str), (names, None)


READERS = {
    "python-docx": ({"docx"}, read_docx),
    "python-pptx": ({"pptx"}, read_pptx),
    "openpyxl": ({"xlsx", "xlsm"}, read_xlsx),
}


def attempt(reader, path):
    """What a program finds; None where it refuses the file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return reader(str(path))
        except Exception:  # A program refuses a file in any way it likes.
            return None


def write(writer, files, folder, setting):
    """Labels copies of the files; pairs of originals and copies of those that were written."""
    file_list = folder / "list"
    file_list.write_text("".join(f"{path}\n" for path in files))
    written = folder / setting
    subprocess.run([writer, file_list, written, "--coauthoring", setting], check=True)
    copies = ((path, written / f"{number}-{path.name}") for number, path in enumerate(files))
    return [(path, copy) for path, copy in copies if copy.exists()]


def check_libraries(checks, pairs, setting):
    for name, (extensions, reader) in READERS.items():
        complaints, read = [], 0
        for original, copy in pairs:
            before = attempt(reader, original) if extension(original) in extensions else None
            if before is None:
                continue
            read += 1
            after = attempt(reader, copy)
            if after is None or after[0] != before[0]:
                complaints.append(f"{original.name}: opened {after is not None}, content differs")
                continue
            custom, in_list = after[1]
            seen = PROPERTY in custom if setting == "off" else in_list in (True, None)
            if not seen:
                complaints.append(f"{original.name}: no label")
        checks.check(f"{name} sees the label ({setting}) in {read} files", read > 0 and not complaints, complaints)


def qpdf_status(path):
    """How `qpdf --check` ends: 0 for a file without faults, 2 and 3 for one with errors and warnings."""
    return subprocess.run(["qpdf", "--check", str(path)], capture_output=True, check=False).returncode


def pdf_places(path):
    """Where pikepdf sees the label."""
    with pikepdf.open(path) as pdf:
        info = pdf.docinfo.keys() if "/Info" in pdf.trailer else []
        metadata = pdf.Root.get("/Metadata")
        packet = metadata.read_bytes().replace(b"\0", b"") if metadata is not None else b""
        places = {"information" if any(LABEL in str(key) for key in info) else None}
        places.add("XMP" if LABEL.encode() in packet else None)
        # PDF/A forbids the label in one of the two places (reference/label-formats.md §5.7).
        return places - {None}, b"pdfaid" in packet


def check_pdf(checks, pairs):
    pairs = [(original, copy) for original, copy in pairs if extension(original) == "pdf"]
    broken, unlabelled = [], []
    for original, copy in pairs:
        status = qpdf_status(copy)
        if status != 0 and status != qpdf_status(original):
            broken.append(copy.name)
        places, is_archival = pdf_places(copy)
        if not places or len(places) < 2 and not is_archival:
            unlabelled.append(f"{copy.name}: in {places}")
    checks.check(f"qpdf finds no new fault in {len(pairs)} files", pairs and not broken, broken)
    checks.check(f"pikepdf sees the label in {len(pairs)} files", pairs and not unlabelled, unlabelled)


def exiftool(paths):
    """What exiftool prints of each file; of one that it takes for text or a bare archive, nothing."""
    printed = subprocess.run(["exiftool", "-j", *paths], stdout=subprocess.PIPE, check=False).stdout
    rows = json.loads(printed)
    return {row["SourceFile"]: row for row in rows if row["FileType"] not in ("TXT", "ZIP")}


def check_exiftool(checks, pairs):
    before = exiftool([str(original) for original, _ in pairs])
    after = exiftool([str(copy) for _, copy in pairs])
    labelled = collections.Counter()
    complaints = []
    # It writes names without the characters that its tags cannot have; where it does not know a property's namespace it
    # shows the name as a value.
    wanted = f"msiplabel{LABEL.replace('-', '')}"
    for original, copy in pairs:
        if str(original) not in before:
            continue
        row = json.dumps(after.get(str(copy))).replace("-", "").replace("_", "").lower()
        if wanted in row:
            labelled[extension(copy)] += 1
        else:
            complaints.append(copy.name)
    checks.check(
        f"exiftool sees the label in {labelled.total()} files ({labelled['pdf']} PDF)",
        labelled["pdf"] > 0 and labelled["docx"] > 0 and not complaints,
        complaints,
    )


def convert(paths, flat, folder):
    """Has LibreOffice turn files into flat XML; what it made of each, None where it cannot open it."""
    output = folder / flat
    subprocess.run(
        [
            "soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless",
            "--convert-to", flat, "--outdir", output, *paths,
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    made = {path: output / f"{path.stem}.{flat}" for path in paths}
    return {
        path: flat_file.read_text(encoding="utf-8", errors="replace") if flat_file.exists() else None
        for path, flat_file in made.items()
    }


def check_office(checks, pairs, folder):
    """A sample of each type that LibreOffice opens without a label, too."""
    samples = {}
    for original, copy in pairs:
        samples.setdefault(extension(original), (original, copy))
    for kinds, flat in FLAT:
        chosen = [pair for kind, pair in samples.items() if kind in kinds]
        texts = convert([path for pair in chosen for path in pair], flat, folder)
        for original, copy in chosen:
            if texts[original] is None:
                print(f"LibreOffice opens no .{extension(copy)}, labelled or not: {original.name}")
                continue
            seen = PROPERTY in (texts[copy] or "")
            checks.check(f"LibreOffice opens a .{extension(copy)} and sees the label", seen, copy.name)


def run(checks, arguments):
    kinds = WORD | EXCEL | POWERPOINT | {"pdf"}
    files = [
        path
        for folder in arguments.folders
        for path in sorted(folder.glob("*/*"))
        if path.parent.name != "broken" and extension(path) in kinds
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        pairs = {setting: write(arguments.writer, files, folder, setting) for setting in ("off", "on")}
        for setting, written in pairs.items():
            check_libraries(checks, written, setting)
        check_pdf(checks, pairs["off"])
        check_exiftool(checks, pairs["off"])
        if arguments.office:
            check_office(checks, pairs["off"], folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("writer", type=pathlib.Path)
    parser.add_argument("folders", type=pathlib.Path, nargs="+")
    parser.add_argument("--office", action="store_true")
    checks = Checks()
    try:
        run(checks, parser.parse_args())
    except Exception:
        checks.crashed()
    checks.end()


if __name__ == "__main__":
    sys.exit(main())
