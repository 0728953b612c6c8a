import { createHash } from 'node:crypto'
import type { Call, On } from '../api/imitation.js'
import { apiError, notFound } from '../errors.js'
import { listOf } from '../pagination.js'
import type { Item } from '../state/given-data.js'
import type { World } from '../world.js'
import { find, has, now, shown } from './records.js'

/** What a file's status is after each time that it was looked at. */
const NEXT: Readonly<Record<string, string>> = { PENDING: 'RUNNING', RUNNING: 'COMPLETED' }
const CSV_ROWS = 100

/** Reports and their files. A new file is `PENDING`, then `RUNNING`, then `COMPLETED`: each look moves it on. */
export function reportingRoutes(on: On, { data }: World): void {
  const { reports, reportFiles } = data
  const report = (id: string) => find(reports, id, 'Report')
  const detailed = (record: Item) => shown(record, () => ({ reportId: record.id }))
  const described = (file: Item) => shown(file, () => ({ reportFileId: file.id }))

  on('GET /reporting-api/v201804/reports', call => listOf(call, [...reports.values()].map(detailed)))
  on('GET /reporting-api/v201804/reports/{reportId}', ({ params }) => detailed(report(params.reportId)))

  const filesOf = (reportId: string) => {
    const { id } = report(reportId)
    return [...reportFiles.values()].filter(file => has(file, 'reportId', id))
  }
  on('GET /reporting-api/v201804/reports/{reportId}/files', call =>
    listOf(call, filesOf(call.params.reportId).map(described)),
  )
  on('POST /reporting-api/v201804/reports/{reportId}/files', ({ params }) => {
    const file: Item = {
      id: data.newId('report-file'),
      reportId: report(params.reportId).id,
      reportFileStatus: 'PENDING',
      scheduleType: 'AD_HOC',
      schedulingDate: now(),
    }
    reportFiles.set(file.id, file)
    return described(file)
  })

  const looked = (file: Item) => {
    const seen = described({ ...file })
    const next = NEXT[String(file.reportFileStatus)]
    if (next !== undefined) file.reportFileStatus = next
    if (next === 'COMPLETED') file.generationDate = now()
    return seen
  }
  const recent = (reportId: string, isWanted = (_file: Item) => true) => {
    const file = filesOf(reportId).filter(isWanted).at(-1)
    if (!file) throw notFound('The report has no such file')
    return file
  }
  const isCompleted = ({ reportFileStatus }: Item) => reportFileStatus === 'COMPLETED'

  const csvOf = (file: Item) => {
    if (!isCompleted(file)) {
      throw apiError(404, 'FILE_NOT_FOUND', `The file is ${file.reportFileStatus}`)
    }
    const rows = [...data.jobs.values()].slice(0, CSV_ROWS)
    const cell = (value: unknown) => `"${String(value ?? '').replaceAll('"', '""')}"`
    const lines = rows.map(({ id, title, status }) => [id, title, status].map(cell).join(','))
    return ['Job ID,Title,Status', ...lines, ''].join('\r\n')
  }
  const sendCsv = (csv: string, reply: Call['reply']) =>
    reply.header('content-type', 'text/csv; charset=utf-8').send(csv)

  /** Answers 304 if the client has this version, as it shows by `If-None-Match`. */
  const unchanged = ({ request, reply }: Pick<Call, 'request' | 'reply'>, version: string) => {
    const tag = `"${createHash('sha256').update(version).digest('hex').slice(0, 16)}"`
    reply.header('etag', tag)
    return request.headers['if-none-match'] === tag
  }

  on('GET /reporting-api/v201804/files/{reportFileId}', ({ params }) =>
    looked(find(reportFiles, params.reportFileId, 'Report file')),
  )
  on('GET /reporting-api/v201804/files/{reportFileId}/data', ({ params, reply }) =>
    sendCsv(csvOf(find(reportFiles, params.reportFileId, 'Report file')), reply),
  )
  on('GET /reporting-api/v201804/reports/{reportId}/files/recent', call => {
    const file = recent(call.params.reportId)
    if (unchanged(call, `${file.id} ${file.reportFileStatus}`)) return call.reply.status(304).send()
    return looked(file)
  })
  on('GET /reporting-api/v201804/reports/{reportId}/files/recent/data', call => {
    const csv = csvOf(recent(call.params.reportId, isCompleted))
    if (unchanged(call, csv)) return call.reply.status(304).send()
    return sendCsv(csv, call.reply)
  })
}
