/** Events are known by their names, and the receiver fits the servers as it is. */

import { createServer, type IncomingMessage } from 'node:http'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import type { SmartRecruiters } from 'smartrecruiters'
import {
  fastifyPlugin,
  toNodeHandler,
  type WebhookContext,
  type WebhookError,
  type WebhookEvent,
  type WebhookEventName,
  type WebhookPayload,
  Webhooks,
  type WebhooksOptions,
} from 'smartrecruiters/web'
import { type AnyIn, type Equal, holds } from './assertions.js'

// The platform's generators have `any` of their own.
holds<Equal<AnyIn<Omit<Webhooks, 'deadLetters'>>, never>>()
holds<Equal<AnyIn<WebhooksOptions>, never>>()
holds<Equal<AnyIn<WebhookContext>, never>>()

declare const sr: SmartRecruiters
declare const req: IncomingMessage
declare const request: Request

const webhooks = new Webhooks({ secrets: ['new', 'former'], client: sr })
new Webhooks({ client: async ({ payload }) => (payload.company_id === 'acme' ? sr : sr) })
new Webhooks({ callbackAuthentication: { type: 'header', headerName: 'x-key', headerValue: 'value' } })
// @ts-expect-error: the header must begin with `x-`
new Webhooks({ callbackAuthentication: { type: 'header', headerName: 'key', headerValue: 'value' } })

webhooks
  .on('application.created', async ({ event, resource, signal, attempt, receivedAt }) => {
    holds<Equal<typeof event.payload, { job_id: string; candidate_id: string; application_id: string }>>()
    holds<Equal<typeof event.name, 'application.created'>>()
    holds<Equal<typeof signal, AbortSignal>>()
    holds<Equal<typeof attempt, number>>()
    holds<Equal<typeof receivedAt, Date>>()
    holds<Equal<Awaited<ReturnType<typeof resource<{ id: string }>>>, { id: string }>>()
    // @ts-expect-error: it has no such id
    event.payload.offer_id
  })
  .on('something.new', ({ event }) => {
    holds<Equal<typeof event.payload, Readonly<Record<string, unknown>>>>()
  })
  .onAny(({ event }) => {
    holds<Equal<typeof event, WebhookEvent>>()
  })

holds<Equal<WebhookPayload<'job.created'>, { id: string }>>()
holds<Equal<Extract<WebhookEventName, 'interview.canceled'>, 'interview.canceled'>>()
holds<Equal<WebhookError['reason'] & 'noMatch', 'noMatch'>>()

webhooks.verify(req.headers, new Uint8Array())
webhooks.verify(request.headers, 'body')
webhooks.verify([['event-id', '1']], Buffer.from('body'))
webhooks.subscribe({ url: 'https://app.example.com/', events: ['application.created', 'something.new'] })
webhooks.replay({ since: new Date(), client: sr })

createServer(toNodeHandler(webhooks.handler()))
express().use('/webhooks', toNodeHandler(webhooks.handler({ path: '/webhooks' })))
fastify().register(fastifyPlugin(webhooks.handler()), { prefix: '/webhooks' })
new Hono().post('/webhooks', async ({ req }) => (await webhooks.handler()(req.raw)) ?? new Response())
