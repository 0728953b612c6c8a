/** The lists that `export` knows by name. Any other list of the API is exported by its path. */

/** A list that has a name. */
export interface List {
  readonly path: string
  /** The parameter that leaves out what was changed, or made, before a time. */
  readonly since?: string
  /** Whether its items are candidates, whose files can be exported too. */
  readonly candidates?: true
}

/** The lists by their names. The order is that of the help. */
export const LISTS: Readonly<Record<string, List>> = {
  candidates: { path: '/candidates', since: 'updatedAfter', candidates: true },
  jobs: { path: '/jobs', since: 'updatedAfter' },
  offers: { path: '/offers', since: 'createdAfter' },
  approvals: { path: '/approvals-api/v201910/approvals' },
  users: { path: '/user-api/v201804/users', since: 'updatedAfter' },
  'audit-events': { path: '/audit-api/v201910/audit-events', since: 'eventDateAfter' },
  reports: { path: '/reporting-api/v201804/reports' },
  departments: { path: '/configuration/departments' },
  'hiring-processes': { path: '/configuration/hiring-processes' },
  'job-properties': { path: '/configuration/job-properties' },
  'candidate-properties': { path: '/configuration/candidate-properties' },
  locations: { path: '/configuration/predefined-locations' },
  'access-groups': { path: '/user-api/v201804/access-groups' },
  publications: { path: '/feed/publications', since: 'updatedAfter' },
  subscriptions: { path: '/webhooks-api/v201907/subscriptions' },
}
