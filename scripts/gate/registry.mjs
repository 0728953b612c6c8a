// A registry for the packages of this repository alone: `npm publish` puts them there, and every package manager
// installs them from there. They depend on nothing else, so it needs no connection to another registry. A complete
// registry such as verdaccio brings hundreds of packages to do the same.

import { once } from 'node:events'
import { createServer } from 'node:http'

/** Package managers may refuse what was published an hour ago; in this registry everything is old. */
const PUBLISHED = '2026-01-01T00:00:00.000Z'

/** Starts the registry on a free port of this machine. */
export async function startRegistry() {
  /** Name → version → { manifest, tarball }. */
  const packages = new Map()
  const server = createServer(async (request, response) => {
    const url = `http://${request.headers.host}`
    const [name, , file] = decodeURIComponent(new URL(request.url, url).pathname).slice(1).split('/')
    if (request.method === 'PUT') {
      const { versions, _attachments } = JSON.parse(Buffer.concat(await request.toArray()).toString())
      const [[version, manifest]] = Object.entries(versions)
      const [{ data }] = Object.values(_attachments)
      const known = packages.get(name) ?? packages.set(name, new Map()).get(name)
      known.set(version, { manifest, tarball: Buffer.from(data, 'base64') })
      return respond(response, 201, { ok: true })
    }
    const versions = packages.get(name)
    if (versions === undefined) return respond(response, 404, { error: 'not found' })
    if (file !== undefined) {
      const wanted = [...versions].find(([version]) => file === `${name}-${version}.tgz`)
      if (wanted === undefined) return respond(response, 404, { error: 'not found' })
      response.writeHead(200, { 'content-type': 'application/octet-stream' })
      return response.end(wanted[1].tarball)
    }
    respond(response, 200, {
      name,
      'dist-tags': { latest: [...versions.keys()].at(-1) },
      time: Object.fromEntries(['created', 'modified', ...versions.keys()].map(when => [when, PUBLISHED])),
      versions: Object.fromEntries(
        [...versions].map(([version, { manifest }]) => [
          version,
          { ...manifest, dist: { ...manifest.dist, tarball: `${url}/${name}/-/${name}-${version}.tgz` } },
        ]),
      ),
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    published: () => [...packages.keys()].sort(),
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function respond(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
