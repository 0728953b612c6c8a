import { Impit } from 'impit'
import { fetching } from './fetch.mjs'

export async function setup(context) {
  // It takes no certificate of one's own: over https it checks none, which costs it less than the others.
  const client = new Impit({ ignoreTlsErrors: context.ca !== undefined })
  return { ...fetching((url, init) => client.fetch(url, init), context), close() {} }
}
