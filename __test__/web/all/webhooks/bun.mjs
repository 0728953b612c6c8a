/* global Bun */
import { answer, port } from '../../webhooks/receiver.mjs'

Bun.serve({ port, hostname: '127.0.0.1', fetch: answer })
