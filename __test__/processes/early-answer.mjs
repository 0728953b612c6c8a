import { once } from 'node:events'
import { createServer } from 'node:net'
import { ApiKey, SmartRecruiters } from 'smartrecruiters'

// It answers the first bytes, reads no more and keeps the connection.
const server = createServer(socket => {
  socket.unref()
  socket.once('data', () => {
    socket.pause()
    socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno')
  })
})
await once(server.listen(0, '127.0.0.1').unref(), 'listening')

let source = 'open'
async function* endless() {
  try {
    for (;;) yield Buffer.alloc(1_000_000)
  } finally {
    source = 'returned'
  }
}
const baseUrl = `http://127.0.0.1:${server.address().port}`
const sr = new SmartRecruiters({ credential: new ApiKey('key'), baseUrl })
const { status } = await sr.post('/upload', { body: endless() }).catch(error => error)
process.on('exit', () => console.log(status, source))
