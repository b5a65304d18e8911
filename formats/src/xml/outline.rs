//! A document, or an element of one, as a root and its children: what is needed to change it as text.

use std::ops::Range;

use super::{Element, Node, Reader, TextEdit};
use crate::input::{Input, Parsed};
use crate::refusal::Refusal;

/// The root element as it is written.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) namespace: String,
    pub(crate) local_name: String,
    /// With its colon; empty where there is none.
    pub(crate) prefix: String,
    pub(crate) declarations: Vec<(String, String)>,
    open: Range<usize>,
    /// The end tag; where the element is written as an empty one, the place behind it.
    close: Range<usize>,
    is_empty: bool,
}

/// A child of the root that was asked for.
#[derive(Debug)]
pub(crate) struct Child<T> {
    pub(crate) span: Range<usize>,
    pub(crate) item: T,
    /// The text of the child's first child.
    pub(crate) value: String,
}

/// See the [module documentation](self).
#[derive(Debug)]
pub(crate) struct Outline<T> {
    pub(crate) root: Root,
    pub(crate) children: Vec<Child<T>>,
}

impl<T> Outline<T> {
    /// Reads a document; `pick` says of each child of the root what is to be kept of it.
    pub(crate) fn read(
        input: &Input<'_>,
        text: &str,
        mut pick: impl FnMut(&Element<'_>) -> Parsed<Option<T>>,
    ) -> Parsed<Self> {
        let mut reader = Reader::new(text, input);
        let Some(Node::Start(element)) = next_tag(&mut reader)? else {
            return Err(Refusal::corrupt("its XML has no root").into());
        };
        let mut root = Root::of(&element, &reader)?;
        let mut children: Vec<Child<T>> = Vec::new();
        loop {
            match next_tag(&mut reader)? {
                Some(Node::Start(element)) => {
                    let start = reader.tag().start;
                    let item = pick(&element)?;
                    if children.len() as u64 >= input.limits().entries {
                        return Err(Refusal::Limit("its XML has too many rows").into());
                    }
                    let value = reader.first_value()?;
                    children.extend(item.map(|item| Child {
                        span: start..reader.tag().end,
                        item,
                        value,
                    }));
                }
                Some(_) => {
                    root.ends_with(reader.tag());
                }
                None => return Ok(Self { root, children }),
            }
        }
    }
}

impl Root {
    /// The element whose start was read last.
    pub(crate) fn of(element: &Element<'_>, reader: &Reader<'_, '_>) -> Parsed<Self> {
        let name = element.qualified_name();
        let local_name = element.local_name();
        let mut declarations = Vec::new();
        for declaration in element.declarations() {
            let (prefix, uri) = declaration?;
            declarations.push((prefix.to_owned(), uri.into_owned()));
        }
        let open = reader.tag();
        Ok(Self {
            namespace: element.namespace().to_owned(),
            local_name: local_name.to_owned(),
            prefix: name.strip_suffix(local_name).unwrap_or_default().to_owned(),
            declarations,
            close: open.end..open.end,
            open,
            is_empty: reader.is_in_empty(),
        })
    }

    /// Takes in the end tag, for an element that is not written as an empty one.
    pub(crate) fn ends_with(&mut self, tag: Range<usize>) {
        if !self.is_empty {
            self.close = tag;
        }
    }

    pub(crate) fn is(&self, namespaces: &[&str], local_name: &str) -> bool {
        self.local_name == local_name && namespaces.contains(&self.namespace.as_str())
    }

    /// The prefix, with its colon, that stands for one of `namespaces` everywhere below the root.
    pub(crate) fn prefix_of(&self, namespace: &str) -> Option<String> {
        let mut declared = self.declarations.iter();
        let (prefix, _) = declared.find(|(prefix, uri)| !prefix.is_empty() && uri == namespace)?;
        Some(format!("{prefix}:"))
    }

    /// The edits that cut `cuts` out of the root's content and put text in at a place of it (at its end
    /// where none is given).
    ///
    /// A root written as an empty element is opened, its end tag `</name >`; cutting all of the content
    /// of such a root closes it again, so that putting in and cutting out leave no trace.
    pub(crate) fn edits(
        &self,
        text: &str,
        cuts: Vec<Range<usize>>,
        insert: Option<(Option<usize>, String)>,
    ) -> Vec<TextEdit> {
        let end_tag = format!("</{}{} >", self.prefix, self.local_name);
        if self.is_empty {
            let opened = |(_, content): (_, String)| TextEdit {
                range: self.open.end.saturating_sub("/>".len())..self.open.end,
                insert: format!(">{content}{end_tag}"),
            };
            return insert.map(opened).into_iter().collect();
        }
        let content = self.open.end..self.close.start;
        let cut: usize = cuts.iter().map(ExactSizeIterator::len).sum();
        let is_opened = text.get(self.close.clone()) == Some(&end_tag);
        if insert.is_none() && is_opened && cut == content.len() {
            return vec![TextEdit {
                range: content.start.saturating_sub(">".len())..self.close.end,
                insert: "/>".to_owned(),
            }];
        }
        let insert = insert.map(|(at, text)| TextEdit::insert(at.unwrap_or(content.end), text));
        cuts.into_iter().map(TextEdit::cut).chain(insert).collect()
    }

    /// Where the root's content begins.
    pub(crate) fn content_start(&self) -> usize {
        self.open.end
    }
}

/// The next tag; what stands between tags is passed over.
fn next_tag<'a>(reader: &mut Reader<'a, '_>) -> Parsed<Option<Node<'a>>> {
    loop {
        match reader.next()? {
            Some(Node::Text(_)) => {}
            node => return Ok(node),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    /// What cutting the `a` children and putting in `+` makes of a document.
    fn check(text: &str, insert: bool, expected: &str) {
        let nothing: &[u8] = b"";
        let input = Input::new(&nothing, Limits::default());
        let outline = Outline::read(&input, text, |child| {
            Ok((child.local_name() == "a").then_some(()))
        })
        .unwrap();
        let cuts = outline.children.iter().map(|child| child.span.clone());
        let insert = insert.then(|| (None, "+".to_owned()));
        let mut changed = text.to_owned();
        for edit in outline
            .root
            .edits(text, cuts.collect(), insert)
            .iter()
            .rev()
        {
            changed.replace_range(edit.range.clone(), &edit.insert);
        }
        assert_eq!(changed, expected, "{text}");
    }

    #[test]
    fn content_is_cut_and_put_in_where_it_belongs() {
        check("<r/>", true, "<r>+</r >");
        check(
            "<?xml version='1.0'?>\n<r  />",
            true,
            "<?xml version='1.0'?>\n<r  >+</r >",
        );
        check("<r></r>", true, "<r>+</r>");
        check(
            "<r> <a>x<b/></a> <b><a/></b>\n</r>",
            true,
            "<r>  <b><a/></b>\n+</r>",
        );
        check(
            "<r>é<a/>é<!-- <a/> --><a>&lt;</a></r>",
            false,
            "<r>éé<!-- <a/> --></r>",
        );
        check("<r><a/></r>", false, "<r></r>");
        check("<r><a/></r >", false, "<r/>");
        check(
            "<n:r xmlns:n='n' ><a/><a></a></n:r >",
            false,
            "<n:r xmlns:n='n' />",
        );
        check("<r> <a/></r >", false, "<r> </r >");
    }
}
