// The API as these consumers know it: JSON at /jobs, what it was sent at /echo, and a 404 anywhere else.

const { once } = require('node:events')
const { createServer } = require('node:http')

exports.serve = async () => {
  const server = createServer((request, response) => {
    if (request.url === '/echo') {
      response.writeHead(200, { 'content-type': 'application/octet-stream' })
      request.pipe(response)
      return
    }
    const found = request.url === '/jobs'
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(found ? { key: request.headers['x-smarttoken'] } : { message: 'Not found' }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { baseUrl: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }
}
