/** What is measured: every scenario, its path, and how an answer is known to be right. */

const KINDS = {
  small: { path: '/small', title: 'small JSON (300 B)', check: checkSmall },
  page: { path: '/page', title: 'page of 100 objects (30 KB), parsed', check: checkPage },
  download: { path: '/download/100mb', title: '100 MB download, streamed', check: checkAmount },
  upload: { path: '/upload', title: '100 MB upload, streamed', check: checkAmount },
  list: {
    path: '/v1/companies/benchmark/postings',
    title: 'list of 100,000 items, in pages of 100',
    check: checkAmount,
  },
}

const IN_FLIGHT = [1, 8, 64, 512]

/** All scenarios, in the order in which they run. `kind` is `load`, `download`, `upload`, `list` or `cold`. */
export const SCENARIOS = [
  ...['small', 'page'].flatMap(body =>
    ['http', 'https'].flatMap(scheme => IN_FLIGHT.map(inFlight => load(body, scheme, inFlight))),
  ),
  ...['download', 'upload', 'list'].map(body => {
    return { ...KINDS[body], name: body, kind: body, scheme: 'http', inFlight: 1, body }
  }),
  {
    ...KINDS.small,
    name: 'cold',
    kind: 'cold',
    scheme: 'http',
    inFlight: 1,
    body: 'small',
    title: 'new process: module load and first call',
  },
]

function load(body, scheme, inFlight) {
  const tls = scheme === 'https' ? '-tls' : ''
  return {
    ...KINDS[body],
    name: `${body}${tls}-${inFlight}`,
    kind: 'load',
    scheme,
    inFlight,
    body,
    title: `${KINDS[body].title}, ${scheme}, ${inFlight} in flight`,
  }
}

/** The scenarios of these names, which may end in `*`. Throws if one names none. */
export function choose(all, names, nameOf) {
  if (names === undefined) return all
  const patterns = names.split(',').map(name => name.trim())
  const matches = (pattern, name) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern)
  for (const pattern of patterns) {
    if (!all.some(one => matches(pattern, nameOf(one)))) {
      throw new Error(`nothing is called ${pattern}; there are: ${all.map(nameOf).join(', ')}`)
    }
  }
  return all.filter(one => patterns.some(pattern => matches(pattern, nameOf(one))))
}

function checkSmall(data) {
  if (data?.id !== '00000000-3f6c-4f5e-b1a7' || data.openings !== 3) throw new Error('not the small object')
}

function checkPage(data) {
  if (data?.content?.length !== 100) throw new Error(`not a page of 100 objects, but of ${data?.content?.length}`)
  if (data.content[99].refNumber !== 'REF00099') throw new Error('the last object of the page is another one')
}

function checkAmount(amount, expected) {
  if (amount !== expected) throw new Error(`${amount} bytes or items came, not ${expected}`)
}
