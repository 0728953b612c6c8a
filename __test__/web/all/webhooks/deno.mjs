/* global Deno */
import { answer, port } from '../../webhooks/receiver.mjs'

Deno.serve({ port, hostname: '127.0.0.1' }, answer)
