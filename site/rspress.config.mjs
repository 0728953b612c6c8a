import { fileURLToPath } from 'node:url'
import { defineConfig } from '@rspress/core'
import { DESCRIPTION, laidOut, OUTPUT, PAGES } from './build.mjs'
import { address, sections, titleOf } from './pages.mjs'

const file = name => fileURLToPath(new URL(name, import.meta.url))

function entry({ file, title, items, ...group }) {
  return {
    text: title ?? titleOf(laidOut(file)),
    ...(file && { link: address(file) }),
    ...(items?.length && { items: items.map(entry), collapsible: true, ...group }),
  }
}

/** Takes the links beside headings out of the order of Tab, since they are hidden from screen readers. */
function quietAnchors() {
  const visit = node => {
    if (node.properties?.className?.includes('rp-header-anchor')) node.properties.tabIndex = -1
    for (const child of node.children ?? []) visit(child)
  }
  return visit
}

export default defineConfig({
  root: PAGES,
  outDir: OUTPUT,
  title: 'smartrecruiters',
  description: DESCRIPTION,
  head: [
    ({ routePath }) => [
      'link',
      { rel: 'alternate', type: 'text/markdown', href: `${routePath.replace(/\/$/, '/index')}.md` },
    ],
  ],
  globalStyles: file('styles.css'),
  icon: `file://${file('icon.svg')}`,
  mediumZoom: false,
  markdown: {
    defaultWrapCode: true,
    link: { checkDeadLinks: true, checkAnchors: true },
    rehypePlugins: [quietAnchors],
  },
  search: { codeBlocks: true },
  builderConfig: {
    performance: { printFileSize: false },
    tools: {
      rspack: (_, { appendPlugins, rspack }) =>
        appendPlugins(new rspack.NormalModuleReplacementPlugin(/\/logic\/search\.js$/, file('searcher.mjs'))),
    },
  },
  themeConfig: {
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Errors', link: '/errors' },
      { text: 'Operations', link: '/reference' },
      { text: 'Changelog', link: '/project/changelog' },
    ],
    sidebar: {
      '/': sections().map(({ title, items }) => ({ text: title, items: items.map(entry), collapsible: false })),
    },
  },
})
