"""Reads labels as an ordinary script does: zipfile and lxml for Office packages, pikepdf for PDF.

usage: read_labels.py LIST      (a file with one path per line; prints a JSON object for each)
"""

import json
import re
import sys
import zipfile

from lxml import etree

PROPERTY = re.compile(r"MSIP_Label_([0-9a-fA-F-]{36})_Enabled$")


def package_labels(path):
    """Label ids of custom properties and of the LabelInfo part."""
    found = set()
    with zipfile.ZipFile(path) as package:
        names = set(package.namelist())
        if "docProps/custom.xml" in names:
            for element in etree.fromstring(package.read("docProps/custom.xml")):
                match = PROPERTY.match(element.get("name") or "")
                if match:
                    found.add(match.group(1).lower())
        if "docMetadata/LabelInfo.xml" in names:
            for element in etree.fromstring(package.read("docMetadata/LabelInfo.xml")):
                if element.get("removed") != "1":
                    found.add(element.get("id").strip("{}").lower())
    return found


def pdf_labels(path):
    """Label ids of the document information and of the XMP packet."""
    import pikepdf

    found = set()
    with pikepdf.open(path) as pdf:
        names = [str(key) for key in pdf.docinfo.keys()]
        with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
            names += [key for key in metadata]
        for name in names:
            match = re.search(r"MSIP_Label_([0-9a-fA-F-]{36})_Enabled$", name)
            if match:
                found.add(match.group(1).lower())
    return found


def read(path):
    with open(path, "rb") as file:
        head = file.read(5)
    try:
        if head.startswith(b"PK"):
            return {"labels": sorted(package_labels(path)), "state": "ok"}
        if head == b"%PDF-":
            return {"labels": sorted(pdf_labels(path)), "state": "ok"}
    except Exception as error:
        return {"labels": [], "state": f"error: {error}"}
    return {"labels": [], "state": "unsupported"}


for line in open(sys.argv[1], encoding="utf-8"):
    path = line.rstrip("\n")
    print(json.dumps({"path": path, **read(path)}))
