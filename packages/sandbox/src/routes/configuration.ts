import type { On } from '../api/imitation.js'
import { apiError, notFound } from '../errors.js'
import { listOf } from '../pagination.js'
import type { Item } from '../state/given-data.js'
import { range } from '../state/sample.js'
import type { World } from '../world.js'
import { action, find } from './records.js'

export const REJECTION_REASONS: readonly Item[] = [
  { id: 'not-qualified', label: 'Not qualified' },
  { id: 'position-filled', label: 'Position filled' },
]
export const WITHDRAWAL_REASONS: readonly Item[] = [
  { id: 'other-offer', label: 'Accepted another offer' },
  { id: 'no-answer', label: 'No answer' },
]

const SOURCE_TYPES = [
  { id: 'JOB_BOARD', label: 'Job board', subtypes: [{ id: 'FREE' }, { id: 'PAID' }], count: 25 },
  { id: 'CAREERSITE', label: 'Career site', subtypes: [{ id: 'COMPANY' }], count: 1 },
]

/** The configuration of the company: departments, hiring processes, reasons, sources and offer properties. */
export function configurationRoutes(on: On, world: World): void {
  const { data } = world
  const { departments, hiringProcesses } = data

  on('GET /configuration/company', () => ({
    identifier: data.companyId,
    name: 'Sandbox Company',
    location: { country: 'Germany', countryCode: 'de', city: 'Berlin' },
    website: 'https://sandbox.example',
    industry: { id: 'computer_software', label: 'Computer Software' },
  }))

  on('GET /configuration/departments', call => listOf(call, [...departments.values()]))
  on('POST /configuration/departments', ({ body }) => {
    if ([...departments.values()].some(({ label }) => label === body.label)) {
      throw apiError(400, 'DEPARTMENT_LABEL_NOT_UNIQUE', 'Another department has this label')
    }
    const department: Item = { ...body, id: data.newId('department') }
    departments.set(department.id, department)
    return department
  })
  on('GET /configuration/departments/{id}', ({ params }) => find(departments, params.id, 'Department'))

  on('GET /configuration/hiring-processes', call => listOf(call, [...hiringProcesses.values()]))
  on('GET /configuration/hiring-processes/{id}', ({ params }) => find(hiringProcesses, params.id, 'Hiring process'))
  on('GET /configuration/rejection-reasons', call => listOf(call, REJECTION_REASONS))
  on('GET /configuration/withdrawal-reasons', call => listOf(call, WITHDRAWAL_REASONS))

  const path = '/configuration/sources'
  const sourceType = (id: string) => {
    const type = SOURCE_TYPES.find(known => known.id === id)
    if (!type) throw notFound('Source type not found')
    return type
  }
  const sources = (typeId: string) => {
    const { id, label, subtypes, count } = sourceType(typeId)
    return range(count, index => ({
      id: `${id.toLowerCase()}-${index + 1}`,
      label: `${label} ${index + 1}`,
      type: { id },
      sourceSubType: { id: subtypes[index % subtypes.length]?.id ?? '' },
      actions: { sourceDetails: action(world, `${path}/${id}/values/${id.toLowerCase()}-${index + 1}`) },
    }))
  }
  const ofSubType = (typeId: string, query: URLSearchParams) => {
    const subType = query.get('sourceSubType')
    return sources(typeId).filter(({ sourceSubType }) => (subType ?? sourceSubType.id) === sourceSubType.id)
  }

  on('GET /configuration/sources', call =>
    listOf(
      call,
      SOURCE_TYPES.map(type => ({ ...type, actions: { values: action(world, `${path}/${type.id}/values`) } })),
    ),
  )
  on('GET /configuration/sources/{sourceIdentifier}', ({ params }) => {
    const all = SOURCE_TYPES.flatMap(({ id }) => sources(id))
    const source = all.find(({ id }) => id === params.sourceIdentifier)
    if (!source) throw notFound('Source not found')
    return { ...source, subType: source.sourceSubType }
  })
  on('GET /configuration/sources/{sourceType}/values', call =>
    listOf(call, ofSubType(call.params.sourceType, call.query)),
  )
  on('GET /configuration/sources/{sourceType}/values/{sourceValueId}', ({ params, query }) => {
    const source = ofSubType(params.sourceType, query).find(({ id }) => id === params.sourceValueId)
    if (!source) throw notFound('Source not found')
    return source
  })

  on('GET /configuration/offer-properties', () => ({
    categories: [
      {
        id: 'compensation',
        properties: [
          { key: 'salary', label: 'Salary', required: true, type: 'NUMBER' },
          { key: 'currency', label: 'Currency', required: true, type: 'CURRENCY' },
        ],
      },
    ],
  }))
}
