//! [`Operation`]: the facts about one operation of the vendor's API.

/// An operation of the vendor's API: a method on a path.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// The method and the path template, such as `GET /jobs/{id}`.
    name: &'static str,
    access: Access,
    /// What a token needs: one scope of each list. `None` if no source documents it.
    scopes: Option<&'static [&'static [&'static str]]>,
    per_second: Option<u32>,
    concurrent: Option<u32>,
    pages: Option<PageRules>,
    deprecated: bool,
    successor: Option<&'static str>,
    json_patch: bool,
}

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// A customer's API key, or an OAuth token.
    Customer,
    /// Only an OAuth token.
    Token,
    /// Only an API key of a partner.
    Partner,
    /// Any caller, also without a credential.
    Public,
}

/// How the pages of a list are requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRules {
    /// How the pages follow each other.
    pub style: PageStyle,
    /// The query parameter for the page size, if there is one.
    pub size: Option<&'static str>,
    /// The value of `sort` that the vendor recommends so that no page misses a row.
    pub sort: Option<&'static str>,
}

/// How the pages of a list follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageStyle {
    /// Each page names the next one, in its body or in a `Link` header. This query parameter takes the name.
    Cursor(&'static str),
    /// Each page is requested by the number of items before it, in the query parameter `offset`.
    Offset,
    /// Each page is requested by its number, counted from 0, in this query parameter.
    Number(&'static str),
    /// There is only one page.
    Whole,
}

impl Operation {
    pub(super) const fn new(name: &'static str) -> Self {
        Self {
            name,
            access: Access::Customer,
            scopes: None,
            per_second: None,
            concurrent: None,
            pages: None,
            deprecated: false,
            successor: None,
            json_patch: false,
        }
    }

    pub(super) const fn for_tokens(self) -> Self {
        Self { access: Access::Token, ..self }
    }

    pub(super) const fn for_partners(self) -> Self {
        Self { access: Access::Partner, ..self }
    }

    pub(super) const fn public(self) -> Self {
        Self { access: Access::Public, ..self }
    }

    pub(super) const fn scopes(self, scopes: &'static [&'static [&'static str]]) -> Self {
        Self { scopes: Some(scopes), ..self }
    }

    pub(super) const fn per_second(self, limit: u32) -> Self {
        Self { per_second: Some(limit), ..self }
    }

    pub(super) const fn concurrent(self, limit: u32) -> Self {
        Self { concurrent: Some(limit), ..self }
    }

    pub(super) const fn pages(self, style: PageStyle) -> Self {
        Self { pages: Some(PageRules { style, size: None, sort: None }), ..self }
    }

    pub(super) const fn page_size(self, parameter: &'static str) -> Self {
        let Some(rules) = self.pages else { return self };
        Self { pages: Some(PageRules { size: Some(parameter), ..rules }), ..self }
    }

    pub(super) const fn sort(self, value: &'static str) -> Self {
        let Some(rules) = self.pages else { return self };
        Self { pages: Some(PageRules { sort: Some(value), ..rules }), ..self }
    }

    pub(super) const fn deprecated(self) -> Self {
        Self { deprecated: true, ..self }
    }

    pub(super) const fn replaced_by(self, successor: &'static str) -> Self {
        Self { deprecated: true, successor: Some(successor), ..self }
    }

    /// Its body is a JSON Patch (RFC 6902).
    pub(super) const fn json_patch(self) -> Self {
        Self { json_patch: true, ..self }
    }

    /// The method and the path template, such as `GET /jobs/{id}`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The method.
    pub fn method(&self) -> &'static str {
        self.name.split_once(' ').map_or("", |(method, _)| method)
    }

    /// The path template.
    pub fn path(&self) -> &'static str {
        self.name.split_once(' ').map_or("", |(_, path)| path)
    }

    /// Who may call the operation.
    pub fn access(&self) -> Access {
        self.access
    }

    /// What a token needs: one scope of each list, of which the first is the narrowest. `None` if it is not documented.
    pub fn required_scopes(&self) -> Option<&'static [&'static [&'static str]]> {
        self.scopes
    }

    /// The limit of requests in any second, if it is not the usual one.
    pub fn requests_per_second(&self) -> Option<u32> {
        self.per_second
    }

    /// The limit of requests in progress, if the operation has one of its own.
    pub fn requests_at_once(&self) -> Option<u32> {
        self.concurrent
    }

    /// How the pages of the list are requested. `None` if the answer is not known to be a list.
    pub fn page_rules(&self) -> Option<PageRules> {
        self.pages
    }

    /// Whether the vendor calls the operation deprecated.
    pub fn is_deprecated(&self) -> bool {
        self.deprecated
    }

    /// The content type of a body in JSON.
    pub fn json_type(&self) -> &'static str {
        if self.json_patch { "application/json-patch+json" } else { "application/json" }
    }

    /// The name of the operation that replaces a deprecated one, if there is one.
    pub fn successor(&self) -> Option<&'static str> {
        self.successor
    }
}
