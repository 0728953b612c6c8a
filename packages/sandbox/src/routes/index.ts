import { Imitation, type On } from '../api/imitation.js'
import type { World } from '../world.js'
import { applicationRoutes } from './applications.js'
import { applyRoutes } from './apply.js'
import { approvalRoutes } from './approvals.js'
import { assessmentRoutes } from './assessments.js'
import { attachmentRoutes } from './attachments.js'
import { auditRoutes } from './audit.js'
import { candidatePropertyRoutes } from './candidate-properties.js'
import { candidateRoutes } from './candidates.js'
import { configurationRoutes } from './configuration.js'
import { feedRoutes } from './feed.js'
import { hiringTeamRoutes } from './hiring-team.js'
import { interviewRoutes } from './interviews.js'
import { jobAdRoutes } from './job-ads.js'
import { jobPropertyRoutes } from './job-properties.js'
import { jobRoutes } from './jobs.js'
import { legacyUserRoutes } from './legacy-users.js'
import { messageRoutes } from './messages.js'
import { offerRoutes } from './offers.js'
import { onboardingRoutes } from './onboarding.js'
import { partnerRoutes } from './partner.js'
import { positionRoutes } from './positions.js'
import { postingRoutes } from './postings.js'
import { reportingRoutes } from './reporting.js'
import { reviewRoutes } from './reviews.js'
import { userRoutes } from './users.js'
import { webhookRoutes } from './webhooks.js'

const FAMILIES: readonly ((on: On, world: World) => void)[] = [
  applicationRoutes,
  applyRoutes,
  approvalRoutes,
  assessmentRoutes,
  attachmentRoutes,
  auditRoutes,
  candidatePropertyRoutes,
  candidateRoutes,
  configurationRoutes,
  feedRoutes,
  hiringTeamRoutes,
  interviewRoutes,
  jobAdRoutes,
  jobPropertyRoutes,
  jobRoutes,
  legacyUserRoutes,
  messageRoutes,
  offerRoutes,
  onboardingRoutes,
  partnerRoutes,
  positionRoutes,
  postingRoutes,
  reportingRoutes,
  reviewRoutes,
  userRoutes,
  webhookRoutes,
]

/** Makes the handlers of all operations that the sandbox imitates. */
export function imitate(world: World): Imitation {
  const imitation = new Imitation()
  for (const routes of FAMILIES) routes(imitation.on, world)
  return imitation
}
