/** The newest OpenTelemetry for this Node: the line with version 0.34 of the instrumentation of undici needs 22.15. */

import { createRequire } from 'node:module'
import { tool } from '../../scripts/gate/tools.mjs'

const [major, minor] = process.versions.node.split('.').map(Number)
const isNewer = major > 22 || (major === 22 && minor >= 15)

/** Starts to trace with stock instrumentation. `exporter` has the spans that have ended. */
export async function startTracing() {
  return isNewer ? startNewer() : startOlder()
}

async function startOlder() {
  const { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } = await import(
    '@opentelemetry/sdk-trace-node'
  )
  const { UndiciInstrumentation } = await import('@opentelemetry/instrumentation-undici')
  const exporter = new InMemorySpanExporter()
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()
  return { exporter, instrumentation: new UndiciInstrumentation(), api: await import('@opentelemetry/api') }
}

async function startNewer() {
  const modules = await tool(
    '@opentelemetry/api@1.10.0',
    '@opentelemetry/context-async-hooks@3.1.1',
    '@opentelemetry/core@3.1.1',
    '@opentelemetry/instrumentation-undici@0.34.0',
    '@opentelemetry/sdk-trace@3.1.1',
  )
  const require = createRequire(`${modules}/`)
  const api = require('@opentelemetry/api')
  const { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } = require('@opentelemetry/sdk-trace')
  const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks')
  const { W3CTraceContextPropagator } = require('@opentelemetry/core')
  const { UndiciInstrumentation } = require('@opentelemetry/instrumentation-undici')
  const exporter = new InMemorySpanExporter()
  api.trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }))
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  api.propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  return { exporter, instrumentation: new UndiciInstrumentation(), api }
}
