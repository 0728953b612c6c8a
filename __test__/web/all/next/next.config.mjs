export default {
  // A native addon cannot be bundled.
  serverExternalPackages: ['smartrecruiters'],
  outputFileTracingRoot: `${import.meta.dirname}/../..`,
  // What has a body parser in Next.js is in `pages/api`.
  rewrites: () => ['before', 'route-raw'].map(order => ({ source: `/${order}`, destination: `/api/${order}` })),
}
