/** The packages beside the main one that are published with it, in the order of their dependencies. */
export const TOOLS = [
  { name: 'smartrecruiters-sandbox', folder: 'packages/sandbox' },
  { name: 'smartrecruiters-cli', folder: 'packages/cli' },
]
