/* global Deno */
import { answer, port } from '../handlers.mjs'

Deno.serve({ port, hostname: '127.0.0.1' }, answer)
