import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { margin: 0; display: grid; place-items: center; min-height: 100vh }
main { max-width: 32rem; padding: 2rem }
h1 { font-size: 1.5rem; line-height: 1.25 }
form { display: flex; gap: 1rem; margin-top: 2rem }
button { font: inherit; padding: .625rem 1.5rem; border: 2px solid #0b57d0; border-radius: .375rem; cursor: pointer }
button[value=allow] { background: #0b57d0; color: #fff }
button[value=deny] { background: #fff; color: #0b57d0 }
button:focus-visible { outline: 3px solid #f9ab00; outline-offset: 2px }
`
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

/** Sends the consent page. `consent` is the one-time id that its form sends back. */
export function consentPage(
  reply: FastifyReply,
  app: string,
  scopes: readonly string[],
  consent: string,
): FastifyReply {
  const items = scopes.map(scope => `<li><code>${escapeHtml(scope)}</code></li>`).join('\n')
  return sendPage(
    reply.status(200),
    `Allow ${app} to use your SmartRecruiters account?`,
    `<p>You are signed in to the sandbox as its administrator. <strong>${escapeHtml(app)}</strong> asks for:</p>
<ul aria-label="Permissions">
${items}
</ul>
<form method="post" action="/identity/oauth/allow">
<input type="hidden" name="consent" value="${escapeHtml(consent)}">
<button type="submit" name="decision" value="allow">Allow</button>
<button type="submit" name="decision" value="deny">Deny</button>
</form>`,
  )
}

/** Sends the page for requests that must not be redirected to the app. */
export function errorPage(reply: FastifyReply, reason: string): FastifyReply {
  return sendPage(reply.status(400), 'This request cannot be allowed', `<p role="alert">${escapeHtml(reason)}</p>`)
}

function sendPage(reply: FastifyReply, title: string, body: string): FastifyReply {
  return reply
    .header('content-type', 'text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('referrer-policy', 'no-referrer')
    .header('x-content-type-options', 'nosniff')
    .header(
      'content-security-policy',
      `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'`,
    )
    .send(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
</body>
</html>
`)
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
