// A native addon cannot be bundled.
export default { serverExternalPackages: ['smartrecruiters'], outputFileTracingRoot: `${import.meta.dirname}/../..` }
