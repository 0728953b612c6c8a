import type { On } from '../api/imitation.js'
import { apiError, notFound } from '../errors.js'
import { patched } from '../json-patch.js'
import { listOf } from '../pagination.js'
import type { Item } from '../state/given-data.js'
import { range, uuid } from '../state/sample.js'
import type { World } from '../world.js'
import { action, find, remove, shown } from './records.js'

/** Job properties: their definitions and values, and the properties and values that depend on them. */
export function jobPropertyRoutes(on: On, world: World): void {
  const { data } = world
  const { jobProperties } = data
  const property = (id: string) => find(jobProperties, id, 'Job property')
  const detailed = (record: Item) =>
    shown(record, () => ({
      actions: { values: action(world, `/configuration/job-properties/${record.id}/values`) },
    }))
  const values = (propertyId: string) => {
    property(propertyId)
    return data.of('job property values', propertyId, () =>
      range(300, index => ({ id: uuid(`value-${propertyId}`, index), label: `Value ${index + 1}`, archived: false })),
    )
  }
  const value = (params: { id: string; valueId: string }) => find(values(params.id), params.valueId, 'Value')

  on('GET /configuration/job-properties', call => listOf(call, [...jobProperties.values()].map(detailed)))
  on('POST /configuration/job-properties', ({ body }) => {
    const created: Item = { active: true, ...body, id: data.newId('job-property') }
    jobProperties.set(created.id, created)
    return detailed(created)
  })
  on('GET /configuration/job-properties/{id}', ({ params }) => detailed(property(params.id)))
  on('PATCH /configuration/job-properties/{id}', ({ params, request }) => {
    const changed = patched(property(params.id), request)
    jobProperties.set(changed.id, changed)
    return detailed(changed)
  })
  on('PUT /configuration/job-properties/{id}/activation', ({ params }) => {
    property(params.id).active = true
  })
  on('DELETE /configuration/job-properties/{id}/activation', ({ params }) => {
    property(params.id).active = false
  })
  // Labels in other languages are accepted and forgotten, because no operation returns them.
  on('PATCH /configuration/job-properties/{id}/translations', ({ params }) => void property(params.id))
  on('PATCH /configuration/job-properties/{id}/values/{valueId}/translations', ({ params }) => void value(params))

  on('GET /configuration/job-properties/{id}/values', call => listOf(call, [...values(call.params.id).values()]))
  on('POST /configuration/job-properties/{id}/values', ({ params, body }) => {
    const ofProperty = values(params.id)
    const id = typeof body.id === 'string' ? body.id : data.newId('job-property-value')
    if (ofProperty.has(id)) throw apiError(409, 'VALUE_ALREADY_EXISTS', 'There is a value with this id')
    const created: Item = { archived: false, ...body, id }
    ofProperty.set(id, created)
    return created
  })
  on('PATCH /configuration/job-properties/{id}/values/{valueId}', ({ params, request }) => {
    const changed = patched(value(params), request)
    values(params.id).set(changed.id, changed)
    return changed
  })

  const archive = (params: { id: string; valueId: string }, archived: boolean) => {
    value(params).archived = archived
  }
  on('PUT /configuration/job-properties/{id}/archive-values/{valueId}', ({ params }) => archive(params, true))
  on('DELETE /configuration/job-properties/{id}/archive-values/{valueId}', ({ params }) => archive(params, false))
  // The deprecated forms: PUT brings a value back, DELETE archives it.
  on('PUT /configuration/job-properties/{id}/values/{valueId}', ({ params }) => archive(params, false))
  on('DELETE /configuration/job-properties/{id}/values/{valueId}', ({ params }) => archive(params, true))

  const dependents = (id: string) => data.of('dependents', property(id).id)
  const dependent = (params: { id: string; dependentId: string }) => {
    if (!dependents(params.id).has(params.dependentId)) throw notFound('Dependent job property not found')
    return property(params.dependentId)
  }
  on('GET /configuration/job-properties/{id}/dependents', call => {
    const ids = [...dependents(call.params.id).keys()]
    return listOf(
      call,
      ids.map(id => ({ id, label: property(id).label ?? id })),
    )
  })
  on('POST /configuration/job-properties/{id}/dependents', ({ params, body }) => {
    const ofProperty = dependents(params.id)
    const ids = body.ids as string[]
    for (const id of ids) property(id)
    for (const id of ids) ofProperty.set(id, { id })
    const content = [...ofProperty.keys()].map(id => ({ id, label: property(id).label ?? id }))
    return { totalFound: content.length, content }
  })
  on('DELETE /configuration/job-properties/{id}/dependents/{dependentId}', ({ params }) => {
    remove(dependents(params.id), params.dependentId, 'Dependent job property')
  })

  const allowed = (params: { id: string; valueId: string; dependentId: string }) => {
    value(params)
    dependent(params)
    return data.of('dependent values', `${params.id} ${params.valueId} ${params.dependentId}`)
  }
  const DEPENDENT_VALUES =
    '/configuration/job-properties/{id}/values/{valueId}/dependents/{dependentId}/values' as const
  on(`GET ${DEPENDENT_VALUES}`, call => listOf(call, [...allowed(call.params).values()]))
  on(`POST ${DEPENDENT_VALUES}`, ({ params, body }) => {
    const chosen = value({ id: params.dependentId, valueId: String(body.id) })
    allowed(params).set(chosen.id, chosen)
  })
  on(`DELETE ${DEPENDENT_VALUES}/{dependentValueId}`, ({ params }) => {
    remove(allowed(params), params.dependentValueId, 'Dependent value')
  })
  on('GET /configuration/job-properties/{id}/dependents/{dependentId}/values', call => {
    const { id, dependentId } = call.params
    dependent(call.params)
    const relations = [...values(id).values()].map(parent => ({
      parent,
      values: [...allowed({ id, valueId: parent.id, dependentId }).values()],
    }))
    return listOf(
      call,
      relations.filter(relation => relation.values.length > 0),
    )
  })
}
