import { createServer } from 'node:http'
import { toNodeHandler } from 'smartrecruiters/web'
import { answer, port } from './handlers.mjs'

createServer(toNodeHandler(answer)).listen(port, '127.0.0.1')
