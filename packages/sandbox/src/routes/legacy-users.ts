import type { On } from '../api/imitation.js'
import { patched } from '../json-patch.js'
import { listOf } from '../pagination.js'
import type { Item } from '../state/given-data.js'
import type { World } from '../world.js'
import { remove, shown } from './records.js'
import { activate, addUser, ownUser, saveUser, takeAvatar, user } from './users.js'

/** The deprecated `/users`: the same users with a `role` instead of a system role. */
export function legacyUserRoutes(on: On, world: World): void {
  const { users } = world.data
  const roleOf = ({ systemRole }: Item) => (systemRole as { id?: string } | undefined)?.id ?? 'EMPLOYEE'
  const detailed = (record: Item) => shown(record, () => ({ role: roleOf(record) }))
  const withRole = ({ role, ...record }: Item): Item =>
    role === undefined ? (record as Item) : ({ ...record, systemRole: { id: role, name: String(role) } } as Item)

  on('GET /users', call => {
    const { content, ...page } = listOf(call, [...users.values()]) as { content: Item[] }
    return { ...page, content: content.map(detailed) }
  })
  on('GET /users/me', call => detailed(ownUser(world, call)))
  on('GET /users/{id}', ({ params }) => detailed(user(world, params.id)))
  on('POST /users', ({ body: { role, ...body } }) =>
    detailed(addUser(world, { ...body, systemRole: { id: role, name: String(role) } })),
  )
  on('PATCH /users/{id}', ({ params, request }) =>
    detailed(saveUser(world, withRole(patched(user(world, params.id), request)))),
  )
  on('DELETE /users/{id}', ({ params }) => remove(users, params.id, 'User'))
  on('PUT /users/{id}/activation', ({ params }) => activate(world, params.id, true))
  on('DELETE /users/{id}/activation', ({ params }) => activate(world, params.id, false))
  on('POST /users/{id}/activation-email', ({ params }) => void user(world, params.id))
  on('PUT /users/{id}/avatar', call => takeAvatar(world, call, call.params.id))
}
