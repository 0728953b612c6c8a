/** `smartrecruiters webhooks listen`: real events for a receiver on this machine, while it is being developed. */

import { rm, writeFile } from 'node:fs/promises'
import type { SmartRecruiters, Webhooks } from 'smartrecruiters'
import { clientOf } from '../client.js'
import type { Context } from '../context.js'
import { Failure, UsageError } from '../failure.js'
import type { Options } from '../options.js'
import { smartrecruiters } from '../package.js'
import { noArguments } from '../positionals.js'
import { forward, lineOf, urlOf } from '../webhooks/forward.js'
import { type Delivery, startReceiver } from '../webhooks/receiver.js'

export const usage = 'webhooks listen --public-url URL --forward-to URL --events LIST'

export const help = `
Subscribe to events, verify each one that arrives, pass it on unchanged, and answer with your receiver's status. The
subscription is removed when the command ends. SmartRecruiters needs a public https URL: start a tunnel to the
port of this command first.

Your receiver can verify the signature, too, with the secret key that --secret-file writes. While the command runs,
SmartRecruiters repeats what your receiver did not answer with 202.

  cloudflared tunnel --url http://127.0.0.1:4011
  smartrecruiters webhooks listen --events job.created,application.created \\
    --public-url https://….trycloudflare.com/ --forward-to http://localhost:3000/hook`

export const options = {
  'public-url': { type: 'string', value: 'URL', help: 'have events sent to this URL, which leads to this machine' },
  'forward-to': { type: 'string', value: 'URL', help: 'pass them on to your receiver at this URL' },
  events: { type: 'string', value: 'LIST', help: 'subscribe to these events, such as job.created,application.created' },
  port: { type: 'string', value: 'N', help: 'listen on this port, to which the tunnel leads; otherwise 4011' },
  'secret-file': { type: 'string', value: 'FILE', help: 'write the secret key of the subscription to this file' },
  replace: { type: 'boolean', help: 'replace a subscription for this URL that is there already' },
} as const satisfies Options

const SECRET_KEY = '/webhooks-api/v201907/subscriptions/{id}/secret-key'
const PORT = 4011

interface Plan {
  publicUrl: string
  forwardTo: URL
  events: string[]
  port: number
  secretFile: string | undefined
}

export async function run(context: Context): Promise<void> {
  noArguments(context)
  const plan = planOf(context)
  const client = await clientOf(context)
  const { Webhooks } = smartrecruiters()
  const webhooks = new Webhooks({ client, onError: () => {} })
  try {
    await requireNone(context, webhooks, plan.publicUrl)
    await listen(context, client, webhooks, plan)
  } finally {
    await client.close()
  }
}

function planOf(context: Context): Plan {
  const { values } = context.with(options)
  const { 'public-url': publicUrl, 'forward-to': forwardTo, events, port, 'secret-file': secretFile } = values
  if (publicUrl === undefined) throw new UsageError('--public-url is missing')
  if (forwardTo === undefined) throw new UsageError('--forward-to is missing')
  if (events === undefined) throw new UsageError('--events is missing')
  if (port !== undefined && !/^\d{1,5}$/.test(port)) throw new UsageError('--port must be a number up to 65535')
  return {
    // As it is written: SmartRecruiters lists it so.
    publicUrl: urlOf('--public-url', publicUrl) && publicUrl,
    forwardTo: urlOf('--forward-to', forwardTo),
    events: events.split(',').map(name => name.trim()),
    port: Number(port ?? PORT),
    secretFile,
  }
}

/** Refuses to take a subscription away that another receiver may use. */
async function requireNone(context: Context, webhooks: Webhooks, url: string): Promise<void> {
  if (context.with(options).values.replace) return
  const found = (await webhooks.subscriptions()).find(subscription => subscription.url === url)
  if (found === undefined) return
  throw new Failure('SUBSCRIPTION_EXISTS', `There is a subscription for this URL already: ${found.id}.`, {
    remedy: 'Use another URL. If it is what a run of this command has left behind, add --replace.',
  })
}

async function listen(context: Context, client: SmartRecruiters, webhooks: Webhooks, plan: Plan): Promise<void> {
  const { publicUrl, forwardTo, events, secretFile, port } = plan
  const receiver = await startReceiver({
    webhooks,
    port,
    pass: delivery => pass(context, forwardTo, delivery),
    refused: reason => context.note(`refused: ${reason}`),
  })
  try {
    const { id } = await webhooks.subscribe({ url: publicUrl, events })
    if (secretFile !== undefined) await writeSecret(client, id, secretFile)
    context.note(`Events for ${publicUrl}, which leads to port ${receiver.port}, go to ${forwardTo.href}`)
    await ended(context.signal)
  } finally {
    await receiver.close()
    if (secretFile !== undefined) await rm(secretFile, { force: true })
    await cleanUp(context, webhooks, publicUrl)
  }
}

/** Removes the subscription, also if it was made and could not be activated. */
async function cleanUp(context: Context, webhooks: Webhooks, publicUrl: string): Promise<void> {
  try {
    for (const { id, url } of await webhooks.subscriptions()) if (url === publicUrl) await webhooks.unsubscribe(id)
    context.note('The subscription is removed.')
  } catch (error) {
    // Why the command ends is another matter.
    context.note(`The subscription for ${publicUrl} could not be removed: ${(error as Error).message}`)
  }
}

/** Passes an event on, and says what became of it. */
async function pass(context: Context, to: URL, { event, headers, body }: Delivery): Promise<number> {
  const forwarded = await forward(to, headers, body)
  const { id, name, payload } = event
  // If stdout is closed, the command is about to end.
  await context.show({ id, name, payload, ...forwarded }, () => lineOf(id, name, forwarded)).catch(() => {})
  return forwarded.status ?? 503
}

async function writeSecret(client: SmartRecruiters, id: string, file: string): Promise<void> {
  const { secretKey } = await client.get<{ secretKey: string }>(SECRET_KEY, { params: { id } })
  await writeFile(file, secretKey, { mode: 0o600 })
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
