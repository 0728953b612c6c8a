/** The handlers fit the frameworks as they are, and their functions know the context in which they are called. */

import { createServer } from 'node:http'
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import express from 'express'
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { Hono } from 'hono'
import type { Customer, Grant, OAuthApp, PartnerApp, SmartRecruiters } from 'smartrecruiters'
import type * as web from 'smartrecruiters/web'
import {
  type Activation,
  fastifyPlugin,
  type Handler,
  type Login,
  type LoginOptions,
  loginHandler,
  type NodeContext,
  type PartnerOptions,
  partnerHandler,
  toNodeHandler,
} from 'smartrecruiters/web'
import { type AnyIn, type Equal, holds } from './assertions.js'

// Requests of Node have `any` of their own, so the adapters are left out.
holds<Equal<AnyIn<typeof web.loginHandler>, never>>()
holds<Equal<AnyIn<typeof web.partnerHandler>, never>>()
holds<Equal<AnyIn<LoginOptions>, never>>()
holds<Equal<AnyIn<PartnerOptions>, never>>()

declare const app: OAuthApp
declare const partner: PartnerApp
declare const cookieSecret: string

const login = loginHandler(app, {
  cookieSecret: [cookieSecret, new Uint8Array(32)],
  scopes: ['jobs_read'],
  who: request => request.headers.get('x-user') ?? undefined,
  id: async (sr: SmartRecruiters, { who }) => who ?? (await sr.get<{ id: string }>('/user-api/v201804/users/me')).id,
  onConnected(grant, { who, request, context }) {
    holds<Equal<typeof grant, Grant>>()
    holds<Equal<typeof who, string | undefined>>()
    holds<Equal<typeof request, Request>>()
    holds<Equal<typeof context, unknown>>()
  },
  onError: error => console.error(error),
})
holds<Equal<typeof login, Handler>>()
const activation = partnerHandler(partner, {
  path: '/activate',
  onConnected(customer, { companyId }: Activation) {
    holds<Equal<typeof customer, Customer>>()
    holds<Equal<typeof companyId, string>>()
    return Response.json({ companyId })
  },
})

// Without a framework, and with the adapters.
export const answer: Promise<Response | undefined> = login(new Request('http://localhost'))
createServer(toNodeHandler(login)).on('request', toNodeHandler(activation))
createHttp2Server(toNodeHandler<Http2ServerRequest, Http2ServerResponse>(login))
express().use(toNodeHandler(login)).use('/partner', toNodeHandler(activation))
void fastify().register(fastifyPlugin(login), { prefix: '/auth' })
new Hono().all('/auth/*', async c => (await login(c.req.raw, c)) ?? c.notFound())

// With the objects of a framework as the context.
type Express = NodeContext<express.Request & { user?: string }, express.Response>
const inExpress = loginHandler<Express>(app, {
  cookieSecret,
  who: (_request, { req }) => req.user,
  onConnected: (_grant, { context }: Login<Express>) => void context.res.cookie('session', '1'),
})
express().use(toNodeHandler(inExpress))
// @ts-expect-error: this handler needs its context
void inExpress(new Request('http://localhost'))
type Fastify = { request: FastifyRequest; reply: FastifyReply }
const inFastify = loginHandler<Fastify>(app, { cookieSecret, who: (_request, { request }) => request.id })
void fastify().register(fastifyPlugin(inFastify))

// @ts-expect-error: cookies need a secret
loginHandler(app, {})
// @ts-expect-error: an answer is a Response
loginHandler(app, { cookieSecret, onConnected: () => 'done' })
// @ts-expect-error: no such option
loginHandler(app, { cookieSecret, redirectUri: 'https://app.example/callback' })
// @ts-expect-error: the path of the consentUrl is needed
partnerHandler(partner, {})
