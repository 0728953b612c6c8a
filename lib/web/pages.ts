/** The default pages: plain HTML that needs no script, font or image. */

import { createHash } from 'node:crypto'
import { PRIVATE } from './handler.js'

/** What a page says. */
export interface PageContent {
  status: number
  title: string
  /** What has happened, in one or two sentences. */
  text: string
  /** What the person can do next. */
  next: string
  /** The link that does it. */
  link?: { href: string; text: string } | undefined
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #4a5565; --page: #f4f6f8; --card: #fff; --action: #0b57a4; --on-action: #fff }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eef2f6; --soft: #b8c2cf; --page: #12171d; --card: #1c232c; --action: #8cc4ff; --on-action: #10202f }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--page); color: var(--ink); font: 1.0625rem/1.55 system-ui, sans-serif }
main { width: 100%; max-width: 30rem; padding: 2.25rem; border-radius: 0.75rem; background: var(--card); box-shadow: 0 1px 3px #0003 }
h1 { margin: 0 0 0.75rem; font-size: 1.5rem; line-height: 1.25 }
p { margin: 0 0 0.75rem }
.next { color: var(--soft) }
a { display: inline-block; margin-top: 0.75rem; padding: 0.625rem 1.25rem; border-radius: 0.375rem; background: var(--action); color: var(--on-action); font-weight: 600; text-decoration: none }
a:hover { text-decoration: underline }
a:focus-visible { outline: 3px solid var(--ink); outline-offset: 3px }
`

/** The page may show its own style, and nothing else: it loads nothing, sends no form, and cannot be framed. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Answers with a page. */
export function showPage({ status, title, text, next, link }: PageContent): Response {
  const action = link === undefined ? '' : `<a href="${escaped(link.href)}">${escaped(link.text)}</a>`
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p>${escaped(text)}</p>
<p class="next">${escaped(next)}</p>
${action}
</main>
</body>
</html>
`
  const headers = {
    ...PRIVATE,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': CONTENT_SECURITY_POLICY,
  }
  return new Response(html, { status, headers })
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character] as string)
}
