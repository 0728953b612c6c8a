/** A server that answers with bytes as they are given, and then closes the connection. */

import { createServer } from 'node:net'
import { listen } from './servers.mjs'

/** Starts one. What `answer` is set to, in pieces, is the answer to all paths but `/from`, which `redirect` leads on. */
export async function answeringSocket(t) {
  const served = { baseUrl: '', answer: [], redirect: 302 }
  const server = createServer(socket => {
    let head = ''
    socket.on('data', async data => {
      head += data.toString('latin1')
      if (!head.includes('\r\n\r\n')) return
      const pieces = head.split(' ', 2)[1] === '/from' ? [redirection(served.redirect)] : served.answer
      head = ''
      for (const piece of pieces) await new Promise(written => socket.write(piece, written))
      socket.end()
    })
  })
  served.baseUrl = `http://127.0.0.1:${await listen(t, server)}`
  return served
}

function redirection(status) {
  return `HTTP/1.1 ${status} Elsewhere\r\nlocation: /there?x#part\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`
}
