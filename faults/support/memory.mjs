/** How much memory something takes at its peak. */

export const MiB = 1024 * 1024
/** Between two looks, in milliseconds. */
const PACE = 20

/** What `work()` gives, and by how many bytes the process was larger meanwhile than before. */
export async function peakOf(work) {
  const before = process.memoryUsage.rss()
  let peak = before
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, PACE)
  try {
    const value = await work()
    return { value, rise: Math.max(peak, process.memoryUsage.rss()) - before }
  } finally {
    clearInterval(timer)
  }
}
