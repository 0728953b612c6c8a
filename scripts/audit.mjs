// `npm run audit`: licences, bans, sources and known vulnerabilities of all crates. The advisories are the newest ones of
// RustSec, or where these cannot be fetched, those that are kept in `advisories/`; the run says of which day they are.
//
// `npm run audit -- --keep FOLDER` keeps what a checkout of https://github.com/RustSec/advisory-db says of our crates.

import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { root } from './setup.mjs'

const KEPT = join(root, 'advisories')
/** Where cargo-deny looks for a database that it has made of https://github.com/RustSec/advisory-db. */
const NAME = 'advisory-db-3157b0e258782691'

const { keep: checkout } = parseArgs({ options: { keep: { type: 'string' } } }).values
if (checkout === undefined) process.exitCode = audit() ? 0 : 1
else keep(checkout)

/** Whether nothing was found. */
function audit() {
  const isAllowed = deny(['--all-features', 'check', 'bans', 'licenses', 'sources'])
  if (deny(['fetch', 'db'])) {
    console.error('advisories: of today')
    return deny(['--offline', '--all-features', 'check', 'advisories']) && isAllowed
  }
  console.error(`advisories: they cannot be fetched, so these are of ${keptDate().slice(0, 10)}`)
  return deny(['--offline', '--all-features', '--config', keptConfig(), 'check', 'advisories']) && isAllowed
}

function deny(args) {
  const { status, error } = spawnSync('cargo', ['deny', ...args], { cwd: root, stdio: 'inherit' })
  if (error) throw error
  return status === 0
}

function keptDate() {
  return readFileSync(join(KEPT, 'date'), 'utf8').trim()
}

/** Makes a database of the kept advisories, and a configuration that names it. cargo-deny reads one from git only. */
function keptConfig() {
  const folder = join(root, 'target', 'advisories')
  const database = join(folder, NAME)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(database, { recursive: true })
  cpSync(join(KEPT, 'crates'), join(database, 'crates'), { recursive: true })
  const date = keptDate()
  const git = (...args) =>
    execFileSync('git', ['-c', 'user.name=audit', '-c', 'user.email=audit@example.com', ...args], {
      cwd: database,
      env: { ...process.env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
    })
  git('init', '--quiet', '--initial-branch=main')
  git('add', '--all')
  git('commit', '--quiet', '--message=Advisories')
  const config = join(folder, 'deny.toml')
  // Old advisories are better than none, and the run says how old they are.
  const advisories = `\n[advisories]\ndb-path = ${JSON.stringify(folder)}\nmaximum-db-staleness = "P10Y"\n`
  writeFileSync(config, readFileSync(join(root, 'deny.toml'), 'utf8') + advisories)
  return config
}

/**
 * Keeps what the advisories on our crates say of versions, with their titles, and the day of the database. Each has the
 * address of its full text.
 */
function keep(checkout) {
  const locked = readFileSync(join(root, 'Cargo.lock'), 'utf8').matchAll(/^name = "([^"]+)"$/gm)
  rmSync(KEPT, { recursive: true, force: true })
  mkdirSync(KEPT, { recursive: true })
  for (const [, name] of locked) {
    const [from, to] = [checkout, KEPT].map(folder => join(folder, 'crates', name))
    if (!existsSync(from)) continue
    mkdirSync(to, { recursive: true })
    for (const file of readdirSync(from)) {
      const [facts] = readFileSync(join(from, file), 'utf8').match(/^```toml\n[\s\S]*?\n```\s+# .*\n/) ?? []
      if (facts === undefined) throw new Error(`${join(from, file)} is not an advisory`)
      writeFileSync(join(to, file), facts)
    }
  }
  const date = execFileSync('git', ['log', '-1', '--format=%cI'], { cwd: checkout, encoding: 'utf8' })
  writeFileSync(join(KEPT, 'date'), date)
}
