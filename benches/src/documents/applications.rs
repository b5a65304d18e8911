//! The parts that Word, Excel and PowerPoint write: names, order, number and sizes. Documents have as
//! many of them on average as the real ones that were counted.

use super::office_parts::{Part, markup, relationships};
use super::random::Random;

/// The application a package belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Application {
    Word,
    Excel,
    PowerPoint,
}

impl Application {
    /// The part that the package relationship `officeDocument` names.
    pub(crate) fn main_part(self) -> &'static str {
        match self {
            Self::Word => "word/document.xml",
            Self::Excel => "xl/workbook.xml",
            Self::PowerPoint => "ppt/presentation.xml",
        }
    }

    /// All parts but the package's own (content types, relationships, properties).
    pub(crate) fn parts(self, extension: &str, types: &str, random: &mut Random) -> Vec<Part> {
        let mut writer = PartsWriter {
            parts: Vec::new(),
            types,
            random,
        };
        match self {
            Self::Word => writer.word(extension),
            Self::Excel => writer.excel(extension),
            Self::PowerPoint => writer.power_point(extension),
        }
        if extension.ends_with('m') {
            let folder = self.main_part().split('/').next().unwrap_or_default();
            let project = writer.random.bytes(12_000);
            let project = Part::untyped(format!("{folder}/vbaProject.bin"), project);
            writer.parts.insert(2, project);
        }
        writer.parts
    }
}

fn main_content_type(extension: &str) -> &'static str {
    match extension {
        "docx" => {
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
        }
        "dotx" => {
            "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"
        }
        "docm" => "application/vnd.ms-word.document.macroEnabled.main+xml",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        "xltx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml",
        "xlsm" => "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        "potx" => "application/vnd.openxmlformats-officedocument.presentationml.template.main+xml",
        "ppsx" => "application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml",
        "pptm" => "application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml",
        _ => "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
    }
}

struct PartsWriter<'a> {
    parts: Vec<Part>,
    /// Base of the relationship types.
    types: &'a str,
    random: &'a mut Random,
}

impl PartsWriter<'_> {
    fn add(&mut self, name: impl Into<String>, kind: &str, size: usize) {
        let part = Part::filled(name, kind, size, self.random);
        self.parts.push(part);
    }

    fn add_main(&mut self, name: &str, extension: &str, size: usize) {
        let data = markup(size, self.random);
        let content_type = main_content_type(extension);
        self.parts.push(Part::typed(name, content_type, data));
    }

    fn add_relationships(&mut self, name: &str, targets: &[(&str, String)]) {
        let targets: Vec<(String, String)> = targets
            .iter()
            .map(|(kind, target)| (format!("{}/{kind}", self.types), target.clone()))
            .collect();
        self.parts.push(relationships(name, &targets));
    }

    fn word(&mut self, extension: &str) {
        const KIND: &str = "wordprocessingml";
        let headers = self.random.pick(&[0, 0, 1, 1, 2, 3]);
        let custom = if self.random.percent(60) { 3 } else { 0 };
        let text = self.random.within(15_000..=120_000);
        self.add_main("word/document.xml", extension, text);
        let mut targets: Vec<(&str, String)> = [
            "styles",
            "settings",
            "webSettings",
            "fontTable",
            "theme/theme1",
        ]
        .iter()
        .map(|part| (part.trim_end_matches("/theme1"), format!("{part}.xml")))
        .collect();
        targets.extend((1..=headers).map(|n| ("header", format!("header{n}.xml"))));
        self.add_relationships("word/_rels/document.xml.rels", &targets);
        for part in ["footnotes", "endnotes"] {
            self.add(format!("word/{part}.xml"), &format!("{KIND}.{part}"), 3_000);
        }
        for n in 1..=headers {
            self.add(
                format!("word/header{n}.xml"),
                &format!("{KIND}.header"),
                2_700,
            );
            self.add(
                format!("word/footer{n}.xml"),
                &format!("{KIND}.footer"),
                2_700,
            );
        }
        self.add("word/theme/theme1.xml", "theme", 8_400);
        self.mark_bulk();
        self.add("word/settings.xml", &format!("{KIND}.settings"), 4_000);
        for n in 1..=custom {
            self.custom_xml(n);
        }
        for (part, size) in [
            ("numbering", 8_000),
            ("styles", 33_000),
            ("webSettings", 1_000),
            ("fontTable", 3_000),
        ] {
            self.add(format!("word/{part}.xml"), &format!("{KIND}.{part}"), size);
        }
        for n in 1..=custom {
            let target = format!("itemProps{n}.xml");
            self.add_relationships(
                &format!("customXml/_rels/item{n}.xml.rels"),
                &[("customXmlProps", target)],
            );
            if let Some(part) = self.parts.last_mut() {
                part.late = true;
                part.room = 264;
            }
        }
    }

    fn custom_xml(&mut self, number: usize) {
        let data = markup(1_500, self.random);
        let item = Part::untyped(format!("customXml/item{number}.xml"), data);
        self.parts.push(item.with_room(40));
        let name = format!("customXml/itemProps{number}.xml");
        self.add(name, "customXmlProperties", 300);
    }

    /// Pictures come behind the part that was added last.
    fn mark_bulk(&mut self) {
        if let Some(part) = self.parts.last_mut() {
            part.bulk_follows = true;
        }
    }

    fn excel(&mut self, extension: &str) {
        const KIND: &str = "spreadsheetml";
        let sheets = self.random.pick(&[1, 1, 1, 2, 2, 3, 3, 4, 6]);
        let drawings = self.random.below(sheets + 1);
        self.add_main("xl/workbook.xml", extension, 2_200);
        let mut targets: Vec<(&str, String)> = (1..=sheets)
            .map(|n| ("worksheet", format!("worksheets/sheet{n}.xml")))
            .collect();
        targets.push(("styles", "styles.xml".to_owned()));
        targets.push(("sharedStrings", "sharedStrings.xml".to_owned()));
        self.add_relationships("xl/_rels/workbook.xml.rels", &targets);
        for n in 1..=sheets {
            let size = self.random.within(1_500..=9_000);
            self.add(
                format!("xl/worksheets/sheet{n}.xml"),
                &format!("{KIND}.worksheet"),
                size,
            );
        }
        self.mark_bulk();
        self.add("xl/theme/theme1.xml", "theme", 8_400);
        self.add("xl/styles.xml", &format!("{KIND}.styles"), 9_000);
        self.add(
            "xl/sharedStrings.xml",
            &format!("{KIND}.sharedStrings"),
            12_000,
        );
        for n in 1..=drawings {
            self.add(format!("xl/drawings/drawing{n}.xml"), "drawing", 1_500);
        }
        for n in 1..=drawings {
            let target = format!("../drawings/drawing{n}.xml");
            self.add_relationships(
                &format!("xl/worksheets/_rels/sheet{n}.xml.rels"),
                &[("drawing", target)],
            );
            let target = format!("../media/image{n}.png");
            self.add_relationships(
                &format!("xl/drawings/_rels/drawing{n}.xml.rels"),
                &[("image", target)],
            );
        }
        for n in 1..=sheets / 2 {
            let name = format!("xl/printerSettings/printerSettings{n}.bin");
            self.parts.push(Part::untyped(name, vec![0; 220]));
        }
        if self.random.percent(30) {
            self.add("xl/calcChain.xml", &format!("{KIND}.calcChain"), 2_000);
        }
    }

    fn power_point(&mut self, extension: &str) {
        const KIND: &str = "presentationml";
        const LAYOUTS: usize = 11;
        let slides = self.random.within(2..=16);
        self.add_main("ppt/presentation.xml", extension, 3_500);
        for n in 1..=slides {
            let target = format!("../slideLayouts/slideLayout{}.xml", n % LAYOUTS + 1);
            self.add_relationships(
                &format!("ppt/slides/_rels/slide{n}.xml.rels"),
                &[("slideLayout", target)],
            );
            let size = self.random.within(2_000..=14_000);
            self.add(
                format!("ppt/slides/slide{n}.xml"),
                &format!("{KIND}.slide"),
                size,
            );
        }
        let targets: Vec<(&str, String)> = (1..=slides)
            .map(|n| ("slide", format!("slides/slide{n}.xml")))
            .collect();
        self.add_relationships("ppt/_rels/presentation.xml.rels", &targets);
        self.add(
            "ppt/slideMasters/slideMaster1.xml",
            &format!("{KIND}.slideMaster"),
            13_900,
        );
        let layouts: Vec<(&str, String)> = (1..=LAYOUTS)
            .map(|n| ("slideLayout", format!("../slideLayouts/slideLayout{n}.xml")))
            .collect();
        self.add_relationships("ppt/slideMasters/_rels/slideMaster1.xml.rels", &layouts);
        for n in 1..=LAYOUTS {
            let target = "../slideMasters/slideMaster1.xml".to_owned();
            self.add_relationships(
                &format!("ppt/slideLayouts/_rels/slideLayout{n}.xml.rels"),
                &[("slideMaster", target)],
            );
            self.add(
                format!("ppt/slideLayouts/slideLayout{n}.xml"),
                &format!("{KIND}.slideLayout"),
                4_500,
            );
        }
        self.add("ppt/theme/theme1.xml", "theme", 8_700);
        self.mark_bulk();
        let thumbnail = self.random.bytes(7_000);
        self.parts.push(Part::picture(
            "docProps/thumbnail.jpeg".to_owned(),
            thumbnail,
        ));
        for (part, size) in [("presProps", 800), ("viewProps", 800), ("tableStyles", 200)] {
            self.add(format!("ppt/{part}.xml"), &format!("{KIND}.{part}"), size);
        }
    }
}
