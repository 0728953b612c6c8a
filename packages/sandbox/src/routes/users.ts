import type { Call, Fields, On } from '../api/imitation.js'
import { apiError, notFound } from '../errors.js'
import { patched } from '../json-patch.js'
import { listOf } from '../pagination.js'
import type { Item } from '../state/given-data.js'
import { pick, range, uuid } from '../state/sample.js'
import type { World } from '../world.js'
import { filesOf } from './candidates.js'
import { find, now, remove, shown } from './records.js'

const ROLES = ['ADMINISTRATOR', 'EXTENDED', 'STANDARD', 'EMPLOYEE', 'RESTRICTED']

/** Users, access groups and system roles. */
export function userRoutes(on: On, world: World): void {
  const { data } = world
  const { users } = data
  const groups = data.own('access groups', () =>
    range(4, index => ({ id: uuid('access-group', index), name: `Access group ${index + 1}` })),
  )
  const roles = ROLES.map(id => ({ id, name: id.charAt(0) + id.slice(1).toLowerCase() }))
  const members = (groupId: string) => data.of('members', find(groups, groupId, 'Access group').id)
  const detailed = (record: Item) =>
    shown(record, () => ({
      seats: [],
      accessGroups: [...groups.values()].filter(({ id }) => members(id).has(record.id)),
    }))

  on('GET /user-api/v201804/users', call => {
    const { content, ...page } = listOf(call, [...users.values()]) as { content: Item[] }
    return { ...page, content: content.map(detailed) }
  })
  on('GET /user-api/v201804/users/me', call => detailed(ownUser(world, call)))
  on('GET /user-api/v201804/users/{id}', ({ params }) => detailed(user(world, params.id)))
  on('POST /user-api/v201804/users', ({ body }) =>
    detailed(addUser(world, { systemRole: { id: 'EMPLOYEE', name: 'Employee' }, ...body })),
  )
  on('PATCH /user-api/v201804/users/{id}', ({ params, request }) =>
    detailed(saveUser(world, patched(user(world, params.id), request))),
  )
  on('PUT /user-api/v201804/users/{id}/activation', ({ params }) => activate(world, params.id, true))
  on('DELETE /user-api/v201804/users/{id}/activation', ({ params }) => activate(world, params.id, false))
  on('POST /user-api/v201804/users/{id}/activation-email', ({ params }) => void user(world, params.id))
  on('POST /user-api/v201804/users/{id}/reset-password', ({ params }) => void user(world, params.id))
  on('PUT /user-api/v201804/users/{id}/avatar', call => takeAvatar(world, call, call.params.id))

  on('GET /user-api/v201804/access-groups', call => listOf(call, [...groups.values()]))
  on('POST /user-api/v201804/access-groups/{accessGroupId}/users', ({ params, items }) => {
    const ofGroup = members(params.accessGroupId)
    const ids = items.map(String)
    const unknown = ids.find(id => !users.has(id))
    if (unknown !== undefined) throw notFound(`User ${unknown} not found`)
    for (const id of ids) ofGroup.set(id, { id })
    return { content: [groups.get(params.accessGroupId)] }
  })
  on('DELETE /user-api/v201804/access-groups/{accessGroupId}/users/{id}', ({ params }) => {
    remove(members(params.accessGroupId), params.id, 'User of the access group')
  })
  on('GET /user-api/v201804/system-roles', call => listOf(call, roles))
}

export function user({ data }: World, id: string): Item {
  return find(data.users, id, 'User')
}

/** Returns the user on whose behalf the credential of a request acts. */
export function ownUser({ data, gate }: World, { request }: Pick<Call, 'request'>): Item {
  const identity = gate.contextOf(request.raw)?.identity
  const index = identity?.status === 'known' ? identity.holder.user : 0
  const me = pick([...data.users.values()], index)
  if (!me) throw notFound('User not found')
  return me
}

export function addUser(world: World, body: Fields): Item {
  const { users } = world.data
  const { email } = body
  if (typeof email !== 'string') throw apiError(400, 'INVALID_REQUEST', '"email" is required')
  if ([...users.values()].some(other => other.email === email)) {
    throw apiError(409, 'USER_ALREADY_EXISTS', 'Another user has this email address')
  }
  return saveUser(world, { active: false, ...body, id: world.data.newId('user') })
}

export function saveUser({ data }: World, record: Item): Item {
  const saved = { ...record, updatedOn: now() }
  data.users.set(saved.id, saved)
  return saved
}

export function activate(world: World, id: string, active: boolean): void {
  saveUser(world, { ...user(world, id), active })
}

/** Accepts a picture, and forgets it. */
export async function takeAvatar(world: World, { request }: Pick<Call, 'request'>, id: string): Promise<void> {
  user(world, id)
  const { files } = await filesOf(request)
  if (!files.file) throw apiError(400, 'INVALID_FILE', 'The part "file" is missing')
}
