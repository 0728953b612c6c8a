import type { On } from '../api/imitation.js'
import { apiError } from '../errors.js'
import { listOf } from '../pagination.js'
import type { Application } from '../state/applications.js'
import type { Item } from '../state/given-data.js'
import { pick, range, uuid } from '../state/sample.js'
import type { World } from '../world.js'
import { findApplication } from './applications.js'
import { action, find, remove, shown } from './records.js'

/** The values that generated applications have, by the property's type. */
const VALUES: Readonly<Record<string, unknown>> = { TEXT: 'Text', NUMBER: 5, BOOLEAN: true, DATE: '2024-06-01' }

/** Candidate properties: their definitions, the values that a select has, and what candidates have. */
export function candidatePropertyRoutes(on: On, world: World): void {
  const { data } = world
  const definitions = data.candidateProperties
  const definition = (id: string) => find(definitions, id, 'Candidate property')
  const defined = (record: Item) =>
    shown(record, () => ({
      actions: { details: action(world, `/configuration/candidate-properties/${record.id}`) },
    }))

  on('GET /configuration/candidate-properties', call => listOf(call, [...definitions.values()].map(defined)))
  on('GET /configuration/candidate-properties/{id}', ({ params }) => defined(definition(params.id)))

  const values = (propertyId: string) => {
    if (definition(propertyId).type !== 'SINGLE_SELECT') {
      throw apiError(400, 'CANDIDATE_PROPERTY_NOT_SINGLE_SELECT', 'Only properties of type SINGLE_SELECT have values')
    }
    return data.of('candidate property values', propertyId, () =>
      range(5, index => ({ id: uuid(`value ${propertyId}`, index), label: `Value ${index + 1}` })),
    )
  }
  on('GET /configuration/candidate-properties/{id}/values', call => listOf(call, [...values(call.params.id).values()]))
  on('POST /configuration/candidate-properties/{id}/values', ({ params, body }) => {
    const id = typeof body.id === 'string' ? body.id : data.newId('candidate-property-value')
    const ofProperty = values(params.id)
    if (ofProperty.has(id)) throw apiError(409, 'CANDIDATE_PROPERTY_VALUE_EXISTS', 'There is a value with this id')
    const value: Item = { ...body, id }
    ofProperty.set(id, value)
    return value
  })
  on('GET /configuration/candidate-properties/{id}/values/{valueId}', ({ params }) =>
    find(values(params.id), params.valueId, 'Value'),
  )
  on('PUT /configuration/candidate-properties/{id}/values/{valueId}', ({ params, body }) =>
    Object.assign(find(values(params.id), params.valueId, 'Value'), { label: body.label }),
  )
  on('DELETE /configuration/candidate-properties/{id}/values/{valueId}', ({ params }) => {
    remove(values(params.id), params.valueId, 'Value')
  })

  const currentValue = ({ properties }: Application, { id, type }: Item): unknown => {
    if (properties.has(id)) return properties.get(id)
    if (type === 'SINGLE_SELECT') return pick([...values(id).keys()], 0)
    return typeof type === 'string' ? VALUES[type] : undefined
  }
  const content = (application: Application) =>
    [...definitions.values()].flatMap(record => {
      const value = currentValue(application, record)
      if (value === undefined || value === null) return []
      const label = record.type === 'SINGLE_SELECT' ? values(record.id).get(String(value))?.label : undefined
      const actions = { configuration: action(world, `/configuration/candidate-properties/${record.id}`) }
      const { id, type } = record
      return [{ id, label: record.label ?? id, type, value, valueLabel: label, actions }]
    })
  on('GET /candidates/{id}/jobs/{jobId}/properties', call =>
    listOf(call, content(findApplication(world, call.params).application)),
  )
  on('GET /candidates/{id}/properties', call => listOf(call, content(findApplication(world, call.params).application)))

  const set = ({ properties }: Application, id: string, value: unknown) => {
    const { type } = definition(id)
    if (type === 'SINGLE_SELECT' && value !== null && value !== undefined && !values(id).has(String(value))) {
      throw apiError(400, 'PROPERTY_INVALID', `"${value}" is not a value of the property`)
    }
    properties.set(id, value ?? null)
  }
  on('PUT /candidates/{id}/jobs/{jobId}/properties', ({ params, items }) => {
    const { application } = findApplication(world, params)
    for (const { id, value } of items as Item[]) set(application, id, value)
  })
  on('PUT /candidates/{id}/jobs/{jobId}/properties/{propertyId}', ({ params, body }) =>
    set(findApplication(world, params).application, params.propertyId, body.value),
  )
  on('PUT /candidates/{id}/properties/{propertyId}', ({ params, body }) =>
    set(findApplication(world, params).application, params.propertyId, body.value),
  )
}
