// The table of the API for tests: operations, and checks of answers against their types.

import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { readApi } from '../../../scripts/generate/read.mjs'

const api = readApi()

/** All operations of `api/operations.tsv`, and all events of `api/events.tsv`. */
export const { operations, events } = api

const ajv = formats.default(new Ajv({ allErrors: true, strict: true }))
/** The fields of files that no schema has: tests need them. */
const EXTRAS = { ApplicationAttachment: { size: {}, sha256: {} }, CandidateAttachment: { size: {}, sha256: {} } }
for (const { name, fields, type } of api.schemas.values()) {
  ajv.addSchema(fields ? objectOf([...fields.values()], EXTRAS[name]) : schemaOf(type), name)
}

/** Returns what is wrong with an answer of a type: missing and unknown fields, and wrong values. */
export function misfits(type, value) {
  const validate = ajv.compile(schemaOf(type))
  return validate(value)
    ? []
    : validate.errors.map(({ instancePath, message, params }) => [instancePath, message, params])
}

function schemaOf(type) {
  switch (type.kind) {
    case 'schema':
      return { $ref: type.name }
    case 'list':
      return { type: 'array', items: schemaOf(type.of) }
    case 'map':
      return { type: 'object', additionalProperties: schemaOf(type.of) }
    case 'values':
      return { enum: type.values }
    case 'text':
      return { type: 'string', format: type.format }
    default:
      return ['any', 'binary'].includes(type.name) ? {} : { type: type.name }
  }
}

function objectOf(fields, extras) {
  return {
    type: 'object',
    properties: { ...Object.fromEntries(fields.map(({ name, type }) => [name, schemaOf(type)])), ...extras },
    required: fields.filter(({ required }) => required).map(({ name }) => name),
    additionalProperties: false,
  }
}

/** Returns a value of a type with only its required fields. */
export function sampleOf(type) {
  switch (type.kind) {
    case 'schema': {
      const { fields, type: alias } = api.schemas.get(type.name)
      if (!fields) return sampleOf(alias)
      const required = [...fields.values()].filter(field => field.required)
      return Object.fromEntries(required.map(field => [field.name, sampleOf(field.type)]))
    }
    case 'list':
      return [sampleOf(type.of)]
    case 'map':
      return {}
    case 'values':
      return type.values[0]
    case 'text':
      return TEXTS[type.format]
    default:
      return PLAIN[type.name]
  }
}

const TEXTS = {
  date: '2026-01-01',
  'date-time': '2026-01-01T00:00:00.000Z',
  uuid: '00000000-0000-4000-a000-000000000000',
  uri: 'https://example.com/',
  email: 'ada@example.com',
}
const PLAIN = { string: 'text', integer: 1, number: 1, boolean: true, any: 'value' }
