// undici's MockAgent as the global dispatcher, which Node's own fetch uses too.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiKey, SmartRecruiters } from 'smartrecruiters'
import { startBridge } from 'smartrecruiters/testing'
import { getGlobalDispatcher, MockAgent, setGlobalDispatcher } from 'undici'

test('a MockAgent that is the global dispatcher is seen by the default fetch', async t => {
  const before = getGlobalDispatcher()
  const agent = new MockAgent()
  agent.disableNetConnect()
  setGlobalDispatcher(agent)
  t.after(async () => {
    setGlobalDispatcher(before)
    await agent.close()
  })
  const headers = { 'content-type': 'application/json' }
  agent.get('https://api.smartrecruiters.com').intercept({ path: '/jobs/1' }).reply(200, { id: '1' }, { headers })
  const bridge = await startBridge()
  t.after(() => bridge.close())
  const sr = new SmartRecruiters({ credential: new ApiKey('key'), baseUrl: bridge.baseUrl, retries: 0 })
  assert.deepEqual(await sr.get('/jobs/1'), { id: '1' })
})
