/**
 * Where the page of each error code is: `docs/errors/` of this package, as unpkg.com shows what npm has. The name on npm
 * is the one address that belongs to this package wherever its source is kept. A site of its own would stand here.
 */
const HELP = 'https://unpkg.com/smartrecruiters/docs/errors/'

/** The address of the page about an error code. */
export const helpOn = (code: string): string => `${HELP}${code}.md`
