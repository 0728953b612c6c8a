//! [`Paths`]: path templates as a tree of segments, in which the template of a path is found.

use std::borrow::Cow;
use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

/// Path templates, each with the number under which it was added.
#[derive(Debug)]
pub struct Paths {
    /// The first node is the root.
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    names: BTreeMap<Cow<'static, str>, usize>,
    parameter: Option<usize>,
    template: Option<Cow<'static, str>>,
}

impl Default for Paths {
    fn default() -> Self {
        Self { nodes: vec![Node::default()] }
    }
}

impl Paths {
    /// Returns the number of a template, and adds the template if it is missing. The names of parameters make no
    /// difference.
    pub fn plant(&mut self, template: Cow<'static, str>) -> usize {
        let mut node = 0;
        let segments: Vec<String> = template.split('/').skip(1).map(str::to_owned).collect();
        for segment in segments {
            let next = self.nodes.len();
            let Some(current) = self.nodes.get_mut(node) else { return node };
            node = if is_parameter(&segment) {
                *current.parameter.get_or_insert(next)
            } else {
                *current.names.entry(Cow::Owned(segment)).or_insert(next)
            };
            if node == next {
                self.nodes.push(Node::default());
            }
        }
        if let Some(found) = self.nodes.get_mut(node) {
            found.template.get_or_insert(template);
        }
        node
    }

    /// Returns the number and the template that fit a path. A name is preferred to a parameter, unless the path then
    /// fits no template.
    pub fn find(&self, path: &str) -> Option<(usize, &str)> {
        let number = self.below(0, Some(path.trim_matches('/')))?;
        Some((number, self.nodes.get(number)?.template.as_deref()?))
    }

    fn below(&self, node: usize, rest: Option<&str>) -> Option<usize> {
        let current = self.nodes.get(node)?;
        let Some(rest) = rest else {
            return current.template.is_some().then_some(node);
        };
        let (segment, rest) =
            rest.split_once('/').map_or((rest, None), |(segment, rest)| (segment, Some(rest)));
        let by_name = current.names.get(decoded(segment).as_ref()).and_then(|next| self.below(*next, rest));
        by_name.or_else(|| current.parameter.and_then(|next| self.below(next, rest)))
    }
}

/// Whether a segment of a template is a parameter.
pub fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{') && segment.ends_with('}')
}

/// Decodes a segment's percent escapes, as the server does.
fn decoded(segment: &str) -> Cow<'_, str> {
    if segment.contains('%') {
        percent_decode_str(segment).decode_utf8_lossy()
    } else {
        Cow::Borrowed(segment)
    }
}
