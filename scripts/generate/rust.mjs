// Makes the core's table of operations, `src/operations/table.rs`.

const HEAD = `//! The vendor's operations, sorted by path. Generated from \`api/operations.tsv\` by \`npm run generate\`.

use super::operation::{Operation, PageStyle};

#[rustfmt::skip]
pub(super) static OPERATIONS: &[Operation] = &[
`

export function rust({ operations }) {
  const rows = operations.map(operation => `    ${row(operation)},\n`)
  return { 'src/operations/table.rs': `${HEAD}${rows.join('')}];\n` }
}

/** One operation as an expression of Rust. What it does not say is the default of `Operation`. */
function row({ name, credential, scopes, limit, body, pages, deprecated, successor }) {
  const parts = [`Operation::new(${text(name)})`]
  if (credential === 'bearer') parts.push('for_tokens()')
  if (credential === 'partner') parts.push('for_partners()')
  if (credential === 'public') parts.push('public()')
  if (scopes !== undefined) parts.push(`scopes(&[${scopes.map(list).join(', ')}])`)
  if (limit.perSecond !== undefined) parts.push(`per_second(${limit.perSecond})`)
  if (limit.concurrent !== undefined) parts.push(`concurrent(${limit.concurrent})`)
  if (body?.mediaType === 'json-patch') parts.push('json_patch()')
  if (pages !== undefined) parts.push(`pages(${style(pages)})`)
  if (pages?.size !== undefined) parts.push(`page_size(${text(pages.size)})`)
  if (pages?.sort !== undefined) parts.push(`sort(${text(pages.sort)})`)
  if (deprecated) parts.push(successor === undefined ? 'deprecated()' : `replaced_by(${text(successor)})`)
  return parts.join('.')
}

function style({ style, parameter }) {
  if (style === 'cursor') return `PageStyle::Cursor(${text(parameter)})`
  if (style === 'number') return `PageStyle::Number(${text(parameter)})`
  return style === 'offset' ? 'PageStyle::Offset' : 'PageStyle::Whole'
}

function list(alternatives) {
  return `&[${alternatives.map(text).join(', ')}]`
}

function text(value) {
  return JSON.stringify(value)
}
