/** Draws bars in SVG: a heading, a caption and panels, for light and dark grounds. */

const WIDTH = 860
const ROW = 22
const BAR = 14
const LABELS = 290
const VALUES = 70
const MARGIN = 24

/**
 * A picture of panels `{ title, unit, bars }`, whose bars are `{ label, value, kind }` in their order from top to bottom;
 * the kind is `ours`, `limit` or `bar`. `name` is what a screen reader calls the picture.
 */
export function picture({ name, heading, caption, panels }) {
  let y = MARGIN + 50
  const drawn = panels.map(panel => {
    const top = y
    y += 34 + panel.bars.length * ROW + 20
    return drawPanel(panel, top)
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 10}" width="${WIDTH}" height="${y + 10}" role="img" aria-labelledby="title description" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif" font-size="13">
<title id="title">${escaped(name)}</title>
<desc id="description">${escaped(describe(panels))}</desc>
<style>
  .ground { fill: #ffffff; stroke: #d0d7de }
  text { fill: #1f2328 }
  .faint { fill: #59636e }
  .bar { fill: #8c959f }
  .limit { fill: none; stroke: #8c959f; stroke-dasharray: 3 2 }
  .ours { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; stroke: #3d444d }
    text { fill: #f0f6fc }
    .faint { fill: #9198a1 }
    .bar { fill: #656c76 }
    .limit { fill: none; stroke: #9198a1 }
    .ours { fill: #4493f8 }
  }
</style>
<rect class="ground" x="0.5" y="0.5" width="${WIDTH - 1}" height="${y + 9}" rx="6"/>
<text x="${MARGIN}" y="${MARGIN + 12}" font-size="17" font-weight="600">${escaped(heading)}</text>
<text class="faint" x="${MARGIN}" y="${MARGIN + 32}" font-size="12">${escaped(caption)}</text>
${drawn.join('\n')}
</svg>
`
}

function drawPanel({ title, unit, bars }, top) {
  // Where all are 0, each has the shortest bar.
  const longest = Math.max(...bars.map(bar => bar.value)) || 1
  const room = WIDTH - MARGIN - LABELS - VALUES
  const heading = `<text x="${MARGIN}" y="${top + 16}" font-size="14" font-weight="600">${title} <tspan class="faint" font-size="12" font-weight="400">${unit}</tspan></text>`
  const rows = bars.map((bar, index) => {
    const y = top + 34 + index * ROW
    const length = Math.max(2, (bar.value / longest) * room)
    const weight = bar.kind === 'ours' ? ' font-weight="600"' : ''
    const middle = y + BAR / 2 + 4.5
    return [
      `<text x="${LABELS - 8}" y="${middle}" text-anchor="end"${weight}>${escaped(bar.label)}</text>`,
      `<rect class="${bar.kind}" x="${LABELS}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" rx="2"/>`,
      `<text x="${(LABELS + length + 6).toFixed(1)}" y="${middle}"${weight}>${number(bar.value)}</text>`,
    ].join('')
  })
  return [heading, ...rows].join('\n')
}

function describe(panels) {
  return panels
    .map(({ title, unit, bars }) => {
      const values = bars.map(bar => `${bar.label} ${number(bar.value)}`)
      return `${title} (${unit}): ${values.join(', ')}.`
    })
    .join(' ')
}

function number(value) {
  if (value === 0) return '0'
  return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en-US')
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
