import { toNodeHandler } from 'smartrecruiters/web'
import { handle, handler } from '../../../../webhooks/receiver.mjs'

// Next.js parses the body before it calls this.
export default (req, res) => {
  handle()
  toNodeHandler(handler)(req, res)
}
