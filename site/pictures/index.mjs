/** `node site/pictures/index.mjs` draws the pictures of the docs into `docs/pictures/`. */

import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { paragraph, picture, rectangle, text, WIDTH } from './draw.mjs'

const MARGIN = 18

/** The life of an access token: half an hour, and the next one before its end. */
function accessToken() {
  const minute = (WIDTH - 2 * MARGIN) / 36
  const at = minutes => MARGIN + minutes * minute
  const bar = (kind, from, to, y) => rectangle(kind, at(from), y, (to - from) * minute, 22)
  const below = (minutes, y, words, options) => text(at(minutes), y, words, { size: 12, kind: 'faint', ...options })
  const body = [
    text(MARGIN, 34, 'The life of an access token', { size: 16, bold: true }),
    text(MARGIN, 66, 'first token', { bold: true }),
    bar('one', 0, 25, 76),
    bar('two', 25, 29.5, 76),
    bar('three', 29.5, 30, 76),
    text(at(0) + 8, 91, 'fresh: calls use it', { kind: 'inside', size: 12 }),
    below(25, 114, 'renewed in the background', { anchor: 'end' }),
    `<path class="line" d="M${at(25)} 118 V136"/>`,
    text(MARGIN, 154, 'next token', { bold: true }),
    bar('one', 25.3, 36, 140),
    text(at(25.3) + 6, 155, 'fresh', { kind: 'inside', size: 12 }),
    `<path class="line" d="M${MARGIN} 182 H${WIDTH - MARGIN}"/>`,
    ...[0, 10, 20, 30].map(minutes => `<path class="line" d="M${at(minutes)} 178 V186"/>`),
    ...[0, 10, 20, 30].map(minutes =>
      below(minutes, 201, minutes === 0 ? '0' : `${minutes} minutes`, { anchor: minutes ? 'middle' : 'start' }),
    ),
    paragraph(
      MARGIN,
      230,
      'Four to six minutes before its end, the next token is obtained. Calls use the first one meanwhile. Only if that fails until 30 seconds before its end, calls wait.',
      { length: 46 },
    ).drawn,
  ]
  return picture({
    name: 'The life of an access token',
    description:
      'A token is valid for 30 minutes. For the first 25 it is fresh. Then the next one is obtained in the background, while calls go on with the first. In its last 30 seconds it is not used any more.',
    height: 302,
    body: body.join('\n'),
  })
}

/** What happens to a refresh token that works once, and what can go wrong at each step. */
function refreshToken() {
  const steps = [
    ['Look at the record', 'Another process is renewing: wait for it, and use its token.'],
    ['Open a connection', 'It fails: nothing was sent. Try again later.'],
    ['Write the journal', 'The process dies: another one finds the journal, and takes over.'],
    ['Send the request, once', 'The server refuses for now: the grant stays, and is tried again.'],
    ['Read the answer', 'It cannot be read: it is kept, encrypted, and read again later.'],
    ['', 'It is lost on the network: if the server grants no grace, the customer has to log in again.', 'lost'],
    ['Store the new tokens', 'The store fails: they are kept, and written until it works.'],
    ['Use them', ''],
  ]
  const left = MARGIN + 28
  let y = 92
  const rows = steps.map(([step, accident, kind = 'faint'], index) => {
    const number = steps.slice(0, index + 1).filter(([name]) => name !== '').length
    const row = []
    if (step !== '') {
      row.push(
        `<circle class="one" cx="${MARGIN + 10}" cy="${y - 4}" r="10"/>`,
        text(MARGIN + 10, y, `${number}`, { kind: 'inside', anchor: 'middle', size: 12, bold: true }),
        text(left, y, step),
      )
      y += 18
    }
    if (accident !== '') {
      const { drawn, next } = paragraph(left, y, accident, { length: 46, size: 12, kind })
      row.push(drawn)
      y = next
    }
    y += steps[index + 1]?.[0] === '' ? 0 : 12
    return row.join('\n')
  })
  const body = [
    text(MARGIN, 34, 'A refresh token works once', { size: 16, bold: true }),
    text(MARGIN, 58, 'seven steps, and what can go wrong at each', { size: 12, kind: 'faint' }),
    ...rows,
  ]
  return picture({
    name: 'A refresh token that works once, and its accidents',
    description: steps.map(([step, accident]) => [step, accident].filter(part => part !== '').join(': ')).join(' '),
    height: y,
    body: body.join('\n'),
  })
}

/** The window of the limits, from `record-limits.mjs`: the requests of 40 calls, and how many any second has. */
function limits() {
  const times = JSON.parse(readFileSync(new URL('limits.json', import.meta.url), 'utf8'))
  const end = Math.ceil(times.at(-1) / 1000) * 1000
  const at = time => MARGIN + 20 + (time / end) * (WIDTH - 2 * MARGIN - 20)
  /** How many requests arrived in the second before and at a time. */
  const within = time => times.filter(other => other > time - 1000 && other <= time).length
  const most = Math.max(...times.map(within))
  const changes = [...times, ...times.map(time => time + 1000)].filter(time => time <= end).sort((a, b) => a - b)
  const level = count => 250 - count * 9
  const curve = changes.map(time => `H${at(time).toFixed(1)} V${level(within(time))}`).join(' ')
  const seconds = Array.from({ length: end / 1000 + 1 }, (_, index) => index)
  const body = [
    text(MARGIN, 34, '40 calls at once, ten in a second', { size: 16, bold: true }),
    text(MARGIN, 62, 'each request, when it arrived at the server', { size: 12, kind: 'faint' }),
    ...times.map(
      (time, index) => `<circle class="one" cx="${at(time).toFixed(1)}" cy="${74 + (index % 10) * 6}" r="2.6"/>`,
    ),
    text(MARGIN, 147, 'requests in the last second', { size: 12, kind: 'faint' }),
    `<path class="limit" d="M${at(0)} ${level(10)} H${at(end)}"/>`,
    text(at(0) - 6, level(10) + 4, '10', { anchor: 'end', size: 12 }),
    `<path class="line" stroke-width="2" d="M${at(0)} ${level(0)} ${curve}"/>`,
    `<path class="line" d="M${at(0)} ${level(0)} H${at(end)}"/>`,
    ...seconds.map(second =>
      text(at(second * 1000), 270, second === 0 ? '0' : `${second} s`, { anchor: 'middle', size: 12, kind: 'faint' }),
    ),
  ]
  return picture({
    name: 'The window of the limits',
    description: `A recording: the requests of 40 calls that were started at once arrived within ${(times.at(-1) / 1000).toFixed(1)} seconds, and never more than ${most} of them in one second.`,
    height: 286,
    body: body.join('\n'),
  })
}

export const PICTURES = {
  'access-token.svg': accessToken,
  'refresh-token.svg': refreshToken,
  'limits.svg': limits,
}

/** Where the pictures are. */
export const folder = new URL('../../docs/pictures/', import.meta.url)

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [name, draw] of Object.entries(PICTURES)) writeFileSync(new URL(name, folder), draw())
}
