//! Documents of real shape and size from a seed, and what is true of each.
//!
//! Everything in them is invented: names, ids, text. What they share with documents found in the
//! world is their structure: parts, their order and number, cross-references, where labels stand and
//! how often, how large files are (reference/label-formats.md).

mod applications;
mod compound;
mod label;
mod office;
mod office_parts;
mod pdf;
mod pdf_encryption;
mod pdf_file;
mod random;
mod sizes;
mod zip_archive;

use std::io;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use applications::Application;
use label::{Catalogue, Label};
use office::{Package, Places, Writer};
use pdf::{Pdf, Structure};
use random::Random;

/// Files that are measured together, because their cost is of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// Packages of Word, Excel and PowerPoint.
    Office,
    /// PDF that is not encrypted.
    Pdf,
    /// PDF encrypted with AES-256 and an owner password only.
    Aes,
    /// Password-encrypted and rights-managed Office documents, binary workbooks.
    Compound,
}

impl Group {
    /// The name of the folder and in the truth.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::Pdf => "pdf",
            Self::Aes => "aes",
            Self::Compound => "compound",
        }
    }
}

/// What is true of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// Path below the folder of the set.
    pub path: String,
    /// Group.
    pub group: Group,
    /// What kind of document it is, in words.
    pub kind: String,
    /// Size in bytes.
    pub size: u64,
    /// `ok`, `password` or `rms`, as `labeld inspect` prints it.
    pub state: String,
    /// All labels, by tenant and id.
    pub labels: Vec<TrueLabel>,
}

/// A label that stands in a document, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrueLabel {
    /// Entra tenant id.
    pub site_id: Uuid,
    /// Label id.
    pub id: Uuid,
    /// Names of the places, as `labeld inspect` prints them.
    pub places: Vec<String>,
}

/// A document and what is true of it.
#[derive(Debug)]
pub struct Document {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What a reader must find.
    pub truth: Truth,
}

/// How one document is made.
#[derive(Debug, Clone, Copy)]
enum Recipe {
    Office {
        application: Application,
        extension: &'static str,
        writer: Writer,
        places: Places,
    },
    Pdf {
        structure: Structure,
        encrypted: bool,
    },
    Compound(compound::Kind),
}

/// One kind of document that the benches measure by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Example {
    /// Word, label in custom properties.
    DocxCustom,
    /// Word, label in `LabelInfo.xml`.
    DocxLabelInfo,
    /// Excel, both places.
    Xlsx,
    /// PowerPoint, label in `LabelInfo.xml`.
    Pptx,
    /// PDF with tables.
    PdfClassic,
    /// PDF with object streams and a cross-reference stream.
    PdfCompressed,
    /// PDF as Office exports it.
    PdfHybrid,
    /// PDF encrypted with AES-256, owner password only.
    PdfAes,
    /// Rights-managed Office document.
    Rights,
    /// Binary workbook.
    Workbook,
}

impl Example {
    fn recipe(self) -> Recipe {
        let office = |application, extension, places| Recipe::Office {
            application,
            extension,
            writer: Writer::Office,
            places,
        };
        let pdf = |structure, encrypted| Recipe::Pdf {
            structure,
            encrypted,
        };
        match self {
            Self::DocxCustom => office(Application::Word, "docx", Places::Custom),
            Self::DocxLabelInfo => office(Application::Word, "docx", Places::LabelInfo),
            Self::Xlsx => office(Application::Excel, "xlsx", Places::Both),
            Self::Pptx => office(Application::PowerPoint, "pptx", Places::LabelInfo),
            Self::PdfClassic => pdf(Structure::Classic, false),
            Self::PdfCompressed => pdf(Structure::Compressed, false),
            Self::PdfHybrid => pdf(Structure::Office, false),
            Self::PdfAes => pdf(Structure::Classic, true),
            Self::Rights => Recipe::Compound(compound::Kind::Rights),
            Self::Workbook => Recipe::Compound(compound::Kind::Workbook),
        }
    }

    /// A labelled document of this kind of about `size` bytes, always the same.
    ///
    /// # Errors
    ///
    /// Only what a writer into memory says.
    pub fn document(self, size: usize) -> io::Result<Document> {
        const SEED: u64 = 7;
        let mut random = Random::new(SEED);
        let labels = Catalogue::new(SEED).labels(&mut random);
        make("example", self.recipe(), &labels, size, &mut random)
    }
}

/// A set of documents; each can be made by itself.
#[derive(Debug)]
pub struct Set {
    seed: u64,
    catalogue: Catalogue,
    sizes: Vec<usize>,
}

impl Set {
    /// A set of `count` documents with a mean of about `mean` bytes.
    #[must_use]
    pub fn new(count: usize, mean: u64, seed: u64) -> Self {
        Self {
            seed,
            catalogue: Catalogue::new(seed),
            sizes: sizes::sizes(count, mean, &mut Random::new(seed)),
        }
    }

    /// How many documents there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.sizes.len()
    }

    /// Document `index`, which must be below the count.
    ///
    /// # Errors
    ///
    /// Only what a writer into memory says.
    pub fn document(&self, index: usize) -> io::Result<Document> {
        let mut random = Random::for_item(self.seed, index as u64);
        let size = self.sizes[index];
        let recipe = self.recipe(index, size, &mut random);
        let labelled = match recipe {
            // A package whose XML is UTF-16 is of interest for its label alone.
            Recipe::Office {
                writer: Writer::Utf16,
                ..
            }
            | Recipe::Compound(_) => true,
            Recipe::Office {
                writer: Writer::Google,
                ..
            } => false,
            Recipe::Pdf { encrypted, .. } => random.percent(if encrypted { 75 } else { 40 }),
            Recipe::Office { .. } => random.percent(40),
        };
        let labels = if labelled {
            self.catalogue.labels(&mut random)
        } else {
            Vec::new()
        };
        let name = format!(
            "{index:05}-{}",
            office_parts::phrase(3, &mut random).replace(' ', "-")
        );
        make(&name, recipe, &labels, size, &mut random)
    }

    /// Of a hundred documents 62 are Office packages, 34 PDF, two encrypted PDF, two compound files.
    fn recipe(&self, index: usize, size: usize, random: &mut Random) -> Recipe {
        match index % 50 {
            49 => Recipe::Pdf {
                structure: random.pick(&[Structure::Classic, Structure::Compressed]),
                encrypted: true,
            },
            48 => Recipe::Compound(
                [
                    compound::Kind::Password,
                    compound::Kind::Rights,
                    compound::Kind::Workbook,
                ][index / 50 % 3],
            ),
            position if position % 3 == 2 || position == 0 => Recipe::Pdf {
                structure: random.weighted(&[
                    (45, Structure::Office),
                    (20, Structure::Classic),
                    (20, Structure::Compressed),
                    (10, Structure::Updated),
                    (5, Structure::Linearised),
                ]),
                encrypted: false,
            },
            _ => office_recipe(size, random),
        }
    }
}

/// How often writers and places occur follows what was counted in public files
/// (reference/label-formats.md §0, §2.4, §9).
fn office_recipe(size: usize, random: &mut Random) -> Recipe {
    use Application::{Excel, PowerPoint, Word};
    let (mut application, mut extension) = random.weighted(&[
        (42, (Word, "docx")),
        (27, (Excel, "xlsx")),
        (17, (PowerPoint, "pptx")),
        (2, (Word, "docm")),
        (5, (Excel, "xlsm")),
        (1, (PowerPoint, "pptm")),
        (2, (Word, "dotx")),
        (1, (Excel, "xltx")),
        (1, (PowerPoint, "potx")),
        (2, (PowerPoint, "ppsx")),
    ]);
    if size < 60_000 && application == PowerPoint {
        // Layouts and masters alone take more.
        (application, extension) = (Word, "docx");
    }
    let writer = random.weighted(&[
        (82, Writer::Office),
        (6, Writer::Google),
        (6, Writer::Streaming),
        (4, Writer::Strict),
        (2, Writer::Utf16),
    ]);
    if writer == Writer::Google {
        // Its editors export no templates, shows or macros.
        extension = match application {
            Word => "docx",
            Excel => "xlsx",
            PowerPoint => "pptx",
        };
    }
    let places = match writer {
        Writer::Office => random.weighted(&[
            (45, Places::Custom),
            (45, Places::LabelInfo),
            (10, Places::Both),
        ]),
        _ => Places::Custom,
    };
    Recipe::Office {
        application,
        extension,
        writer,
        places,
    }
}

fn make(
    name: &str,
    recipe: Recipe,
    labels: &[Label],
    size: usize,
    random: &mut Random,
) -> io::Result<Document> {
    let (bytes, group, extension, kind, places, state): (_, _, _, _, &[&str], _) = match recipe {
        Recipe::Office {
            application,
            extension,
            writer,
            places,
        } => {
            let package = Package {
                application,
                extension,
                writer,
                labels,
                places,
                size,
            };
            let kind = format!("{extension} by {writer:?}");
            (
                package.write(random)?,
                Group::Office,
                extension,
                kind,
                places.names(),
                "ok",
            )
        }
        Recipe::Pdf {
            structure,
            encrypted,
        } => {
            let pdf = Pdf {
                structure,
                labels,
                encrypted,
                size,
            };
            let group = if encrypted { Group::Aes } else { Group::Pdf };
            let kind = format!("{structure:?} pdf");
            (
                pdf.write(random)?,
                group,
                "pdf",
                kind,
                &["pdf_info", "pdf_xmp"],
                "ok",
            )
        }
        Recipe::Compound(kind) => {
            let (extension, places, state): (_, &[&str], _) = match kind {
                compound::Kind::Password => ("docx", &[], "password"),
                compound::Kind::Rights => ("docx", &["rms_license", "rms_labelinfo"], "rms"),
                compound::Kind::Workbook => ("xls", &["doc_summary"], "ok"),
            };
            let bytes = compound::write(kind, labels, size, random)?;
            (
                bytes,
                Group::Compound,
                extension,
                format!("{kind:?}"),
                places,
                state,
            )
        }
    };
    let truth = Truth {
        path: format!("{}/{name}.{extension}", group.name()),
        group,
        kind,
        size: bytes.len() as u64,
        state: state.to_owned(),
        labels: true_labels(labels, places),
    };
    Ok(Document { bytes, truth })
}

fn true_labels(labels: &[Label], places: &[&str]) -> Vec<TrueLabel> {
    let mut labels: Vec<TrueLabel> = labels
        .iter()
        .filter(|_| !places.is_empty())
        .map(|label| TrueLabel {
            site_id: label.site_id,
            id: label.id,
            places: places.iter().map(|place| (*place).to_owned()).collect(),
        })
        .collect();
    labels.sort();
    labels
}
