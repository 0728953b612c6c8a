/** A login in the browser: sends the user to authorize the app, and exchanges the callback. */

import type { OAuthApp } from 'smartrecruiters'
import { GRANT_ID } from '../client.js'
import type { Context } from '../context.js'
import { describe, EXIT, Failure } from '../failure.js'
import { openBrowser } from './browser.js'
import { isLoopback, listen, type Outcome } from './callback.js'
import type { Questions } from './questions.js'

/** How long the user may take, in milliseconds: codes are good for ten minutes. */
const PATIENCE = 600_000

/** Has the user authorize the app. When this resolves, the grant is in the store. */
export async function authorize(
  context: Context,
  app: OAuthApp,
  questions: Questions,
  { browser }: { browser: boolean },
): Promise<void> {
  const { url, state } = app.authorizationUrl()
  if (browser && isLoopback(app.redirectUri)) {
    await throughLoopback(context, app, url, state)
  } else {
    context.note(`Open this page in a browser, and allow the access:\n\n  ${url}\n`)
    context.note('The browser then shows a page at the redirect URI, or an error. Copy the URL of that page.')
    const callback = await questions.ask('URL: ', 'the URL of the callback', { secret: true })
    await app.exchange(callback, { state, id: GRANT_ID })
  }
}

async function throughLoopback(context: Context, app: OAuthApp, url: string, state: string): Promise<void> {
  let finish: (error?: unknown) => void = () => {}
  const finished = new Promise<void>((resolve, reject) => {
    finish = error => (error === undefined ? resolve() : reject(error))
  })
  const handle = async (callback: string): Promise<Outcome> => {
    try {
      await app.exchange(callback, { state, id: GRANT_ID })
      finish()
      return { ok: true, title: 'You are logged in', text: 'Close this page, and return to the terminal.' }
    } catch (error) {
      finish(error)
      return { ok: false, title: 'The login failed', text: `${describe(error).report.message}` }
    }
  }
  const server = await listen(app.redirectUri, state, handle).catch((error: NodeJS.ErrnoException) => {
    throw new Failure('CALLBACK_ADDRESS', `Nothing can listen at ${app.redirectUri}: ${error.code ?? error.message}.`, {
      remedy: 'End the program that uses the port, or add --no-browser and paste the callback URL.',
    })
  })
  const over = Promise.race([finished, givenUp(context)])
  // It may be over before the browser is said to be open.
  over.catch(() => {})
  try {
    const opened = await openBrowser(context, url)
    context.note(
      opened
        ? `Allow the access in your browser. If it did not open, open this page:\n\n  ${url}\n`
        : `Open this page in a browser on this machine, and allow the access:\n\n  ${url}\n`,
    )
    await over
  } finally {
    await server.close()
  }
}

/** Rejects when the user has taken too long, or the command is to end. */
function givenUp({ signal }: Context): Promise<never> {
  return new Promise((_resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Failure('TIMEOUT', 'Nobody allowed the access within ten minutes.', { exit: EXIT.repeat }))
    }, PATIENCE)
    timer.unref()
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
