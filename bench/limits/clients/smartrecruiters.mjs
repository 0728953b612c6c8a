import { ApiKey, SmartRecruiters } from '../../../index.mjs'

export function setup({ baseUrl, apiKey }) {
  const sr = new SmartRecruiters({ credential: new ApiKey(apiKey), baseUrl })
  return { get: path => sr.get(path), close: () => sr.close() }
}
