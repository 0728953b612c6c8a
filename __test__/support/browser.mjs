/** A customer's browser, as far as authorizing an app goes: redirects, cookies, and forms of login and consent. */

const STEPS = 20
const REDIRECTS = new Set([301, 302, 303, 307, 308])
const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }

/**
 * Opens an authorization URL, logs in and consents. Resolves with the URL that the app is called back at, which is
 * not opened.
 * @param {string} url
 * @param {{ login?: string, cancelAt?: 'login' | 'consent' }} [options] `login`: the customer's name. `cancelAt`: the
 *   page whose cancel link is followed.
 * @returns {Promise<string>}
 */
export async function authorize(url, { login = 'customer', cancelAt } = {}) {
  const redirectUri = new URL(url).searchParams.get('redirect_uri')
  const cookies = new CookieJar()
  const trail = []
  let request = { method: 'GET', url }
  for (let step = 0; step < STEPS; step += 1) {
    const response = await fetch(request.url, {
      method: request.method,
      body: request.body,
      headers: { accept: 'text/html', cookie: cookies.header(request.url) },
      redirect: 'manual',
    })
    trail.push(`${request.method} ${new URL(request.url).pathname}: ${response.status}`)
    cookies.take(request.url, response.headers.getSetCookie())
    const page = await response.text()

    if (REDIRECTS.has(response.status)) {
      const location = new URL(response.headers.get('location'), request.url).href
      if (redirectUri && location.split('?', 1)[0] === redirectUri) return location
      request = { method: 'GET', url: location }
    } else if (response.status === 200) {
      request = nextRequest(page, request.url, { login, cancelAt }) ?? fail('a page without a form', trail)
    } else {
      // The page of an error tells what is wrong; it holds no secret, since the browser has been given none.
      fail(`an error page, "${page.slice(0, 200)}"`, trail)
    }
  }
  return fail(`no callback within ${STEPS} steps`, trail)
}

/** What the customer does with a page: cancels it, or fills in its form and submits it. */
function nextRequest(page, url, { login, cancelAt }) {
  const form = /<form\b([^>]*)>(.*?)<\/form>/s.exec(page)
  if (!form) return undefined
  const fields = new URLSearchParams()
  for (const [, tag] of form[2].matchAll(/<input\b([^>]*)>/g)) {
    const input = attributes(tag)
    if (input.type === 'hidden') fields.set(input.name, input.value)
    else if (input.type === 'text') fields.set(input.name, login)
    else if (input.type === 'password') fields.set(input.name, 'password')
  }
  if (cancelAt !== undefined && fields.get('prompt') === cancelAt) {
    const link = /<a\b([^>]*)>\s*\[ Cancel \]/.exec(page)
    return link ? { method: 'GET', url: new URL(attributes(link[1]).href, url).href } : undefined
  }
  const { action = url, method = 'get' } = attributes(form[1])
  return { method: method.toUpperCase(), url: new URL(action, url).href, body: fields }
}

function attributes(tag) {
  return Object.fromEntries(
    [...tag.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [
      name,
      value.replace(/&(amp|lt|gt|quot|#39);/g, (_whole, entity) => ENTITIES[entity]),
    ]),
  )
}

/** Paths only, no queries: those hold state, codes and challenges. */
function fail(found, trail) {
  throw new Error(`the browser found ${found}:\n${trail.join('\n')}`)
}

/** Cookies of one host, by name and path. */
class CookieJar {
  #cookies = new Map()

  take(url, lines) {
    for (const line of lines) {
      const [pair, ...rest] = line.split(/;\s*/)
      const [name, value] = halves(pair)
      const options = Object.fromEntries(rest.map(halves).map(([key, text]) => [key.toLowerCase(), text]))
      const cookie = { name, value, path: options.path ?? new URL(url).pathname }
      const key = `${name} ${cookie.path}`
      if (new Date(options.expires ?? Number.POSITIVE_INFINITY) <= new Date()) this.#cookies.delete(key)
      else this.#cookies.set(key, cookie)
    }
  }

  header(url) {
    const { pathname } = new URL(url)
    return [...this.#cookies.values()]
      .filter(({ path }) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }
}

function halves(text) {
  const at = text.indexOf('=')
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
