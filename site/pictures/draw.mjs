/** What the pictures have in common: a ground, colours for light and dark, and words for those who do not see them. */

const escaped = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** A picture fits into a page on a phone (390 px), so that its text can be read there. */
export const WIDTH = 340

/** Text at a place; `kind` is a class of the style below. */
export function text(x, y, words, { kind = '', anchor = 'start', size = 13, bold = false } = {}) {
  const weight = bold ? ' font-weight="600"' : ''
  return `<text class="${kind}" x="${x}" y="${y}" text-anchor="${anchor}" font-size="${size}"${weight}>${escaped(words)}</text>`
}

/** Text in lines of at most `length` characters; returns the elements, and where the next line would be. */
export function paragraph(x, y, words, { length, size = 13, ...options }) {
  const lines = ['']
  for (const word of words.split(' ')) {
    const line = lines.at(-1)
    if (line !== '' && line.length + word.length >= length) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  const step = size * 1.35
  return {
    drawn: lines.map((line, index) => text(x, y + index * step, line, { size, ...options })).join('\n'),
    next: y + lines.length * step,
  }
}

export const rectangle = (kind, x, y, width, height) =>
  `<rect class="${kind}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}" rx="3"/>`

/** The whole picture. `name` is its title, `description` what is to be seen. */
export function picture({ name, description, height, body }) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif">
<title id="title">${escaped(name)}</title>
<desc id="description">${escaped(description)}</desc>
<style>
  .ground { fill: #ffffff; stroke: #d0d7de }
  text { fill: #1f2328 }
  .faint { fill: #59636e }
  .lost { fill: #b3261e }
  .inside { fill: #ffffff }
  .one { fill: #0a5cc2 }
  .two { fill: #5c8fd6 }
  .three { fill: #c9d1d9 }
  .line { stroke: #59636e; fill: none }
  .limit { stroke: #b3261e; fill: none; stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; stroke: #3d444d }
    text { fill: #f0f6fc }
    .faint { fill: #9198a1 }
    .lost { fill: #ff8a80 }
    .inside { fill: #0d1117 }
    .one { fill: #6db3ff }
    .two { fill: #3f6fa8 }
    .three { fill: #3d444d }
    .line { stroke: #9198a1 }
    .limit { stroke: #ff8a80 }
  }
</style>
<rect class="ground" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6"/>
${body}
</svg>
`
}
