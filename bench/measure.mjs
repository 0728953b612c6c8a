/** Keeps a number of requests in flight and measures them and this process. */

import { readFileSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'

/** How often the event loop's delay is sampled, in milliseconds; the histogram counts it in. */
const RESOLUTION = 1

/** How many requests a measurement has at least, as a multiple of those in flight. */
const LEAST_MEASURED = 4

/**
 * Measures `send` with `inFlight` requests at any moment, for `seconds` after `warmUp` seconds. `send` resolves when
 * an answer has come and is right. Durations in microseconds, memory in bytes.
 *
 * From the first completion after the warm-up to the first after the time is up, the load is steady: what is in flight
 * at the start and what is in flight at the end make up for each other. However slow the client, the warm-up lasts
 * until each of the first requests, and so its connection, is done, and the measurement for a few requests each.
 */
export async function measure(send, { inFlight, warmUp, seconds }) {
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION })
  const latencies = []
  let waiting = inFlight
  let start
  let result
  const warmUntil = performance.now() + warmUp * 1000

  const complete = (sent, now) => {
    if (start === undefined) {
      if (now < warmUntil || waiting > 0) return
      resetPeakMemory()
      loop.enable()
      start = snapshot()
      return
    }
    latencies.push(now - sent)
    const over = now - start.at >= seconds * 1000 && latencies.length >= inFlight * LEAST_MEASURED
    if (over) result = difference(start, snapshot())
  }
  const worker = async () => {
    await send()
    waiting -= 1
    while (result === undefined) {
      const sent = performance.now()
      await send()
      const now = performance.now()
      if (result === undefined) complete(sent, now)
    }
  }
  // The others end by themselves: what they have in flight must not disturb who comes next.
  await Promise.all(Array.from({ length: inFlight }, worker))
  loop.disable()
  latencies.sort((a, b) => a - b)
  return {
    requests: latencies.length,
    ...result,
    loop: loop.count === 0 ? null : Math.max(0, loop.percentile(99) / 1000 - RESOLUTION * 1000),
    p50: percentile(latencies, 50) * 1000,
    p99: percentile(latencies, 99) * 1000,
  }
}

function percentile(sorted, percent) {
  return sorted[Math.min(Math.floor((sorted.length * percent) / 100), sorted.length - 1)]
}

function snapshot() {
  const { user, system } = process.cpuUsage()
  return { at: performance.now(), cpu: user + system, main: mainThread.read() }
}

function difference(start, end) {
  return {
    elapsed: (end.at - start.at) * 1000,
    cpu: end.cpu - start.cpu,
    main: end.main - start.main,
    mainSource: mainThread.name,
    rss: process.memoryUsage.rss(),
    peak: peakMemory(),
  }
}

/** CPU time of the main thread in microseconds, by the best source that this system has. */
export const mainThread = [
  {
    name: 'CPU time of the main thread by /proc/self/task/<tid>/schedstat',
    read: () => Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ')[0]) / 1000,
  },
  {
    name: 'CPU time of the main thread by /proc/self/task/<tid>/stat, in ticks of 10 ms',
    read() {
      const fields = readFileSync(`/proc/self/task/${process.pid}/stat`, 'latin1').split(') ')[1].split(' ')
      return (Number(fields[11]) + Number(fields[12])) * 10_000
    },
  },
  {
    name: 'time in which the event loop was active, by performance.eventLoopUtilization()',
    read: () => performance.eventLoopUtilization().active * 1000,
  },
].find(source => {
  try {
    return source.read() >= 0 && (source.name.includes('event loop') || source.read() > 0)
  } catch {
    return false
  }
})

/** Makes the peak count from now on. Where it cannot be done, it counts from the process's start. */
function resetPeakMemory() {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {}
}

function peakMemory() {
  try {
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))[1]) * 1024
  } catch {
    return process.resourceUsage().maxRSS * 1024
  }
}
