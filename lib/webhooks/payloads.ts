/** The payloads of webhook events. Generated from api/ by `npm run generate`. Do not edit. */

/** What each event of SmartRecruiters says: the ids of what it is about, by the event's name. */
export interface WebhookPayloads {
  'application.attachment.created': {
    job_id: string
    candidate_id: string
    application_id: string
    attachment_id: string
  }
  'application.created': { job_id: string; candidate_id: string; application_id: string }
  'application.fields.updated': { job_id: string; candidate_id: string; application_id: string }
  'application.onboarding-status.updated': { job_id: string; candidate_id: string; application_id: string }
  'application.screening-answers.created': { job_id: string; candidate_id: string; application_id: string }
  'application.screening-answers.updated': { job_id: string; candidate_id: string; application_id: string }
  'application.source.updated': { job_id: string; candidate_id: string; application_id: string }
  'application.status.updated': { job_id: string; candidate_id: string; application_id: string }
  'candidate.created': { id: string }
  'candidate.deleted': { id: string }
  'candidate.updated': { id: string }
  'interview.canceled': { interview_id: string; application_id: string; candidate_id: string; company_id: string }
  'interview.created': { interview_id: string; application_id: string; candidate_id: string; company_id: string }
  'interview.updated': { interview_id: string; application_id: string; candidate_id: string; company_id: string }
  'job.ad.created': { job_id: string; job_ad_id: string }
  'job.ad.postings.updated': { job_id: string; job_ad_id: string }
  'job.ad.updated': { job_id: string; job_ad_id: string }
  'job.approval.abandoned': { approval_id: string; job_id: string }
  'job.approval.approved': { approval_id: string; job_id: string }
  'job.approval.comment.created': { approval_id: string; job_id: string }
  'job.approval.created': { approval_id: string; job_id: string }
  'job.approval.rejected': { approval_id: string; job_id: string }
  'job.approval.step.approved': { approval_id: string; job_id: string }
  'job.approval.step.rejected': { approval_id: string; job_id: string }
  'job.approver.delegated': { approval_id: string; job_id: string }
  'job.approver.skipped': { approval_id: string; job_id: string }
  'job.created': { id: string }
  'job.hiring-team.updated': { id: string }
  'job.status.updated': { id: string }
  'job.updated': { id: string }
  'offer.approval.abandoned': { approval_id: string; job_id: string; candidate_id: string; offer_id: string }
  'offer.approval.approved': { approval_id: string; job_id: string; candidate_id: string; offer_id: string }
  'offer.approval.comment.created': { approval_id: string; job_id: string; candidate_id: string; offer_id: string }
  'offer.approval.created': { approval_id: string; job_id: string; candidate_id: string; offer_id: string }
  'offer.approval.rejected': { approval_id: string; job_id: string; candidate_id: string; offer_id: string }
  'offer.approval.step.approved': { approval_id: string; job_id: string; candidate_id: string; offer_id: string }
  'offer.approval.step.rejected': { approval_id: string; job_id: string; candidate_id: string; offer_id: string }
  'offer.approver.delegated': { approval_id: string; job_id: string; candidate_id: string; offer_id: string }
  'offer.approver.skipped': { approval_id: string; job_id: string; candidate_id: string; offer_id: string }
  'offer.created': { job_id: string; candidate_id: string; offer_id: string }
  'offer.updated': { job_id: string; candidate_id: string; offer_id: string }
  'onboarding.assignments.completed': { onboarding_process_id: string; new_hire_id: string }
  'onboarding.assignments.high-priority.completed': { onboarding_process_id: string; new_hire_id: string }
  'onboarding.process.started': { onboarding_process_id: string; new_hire_id: string }
  'position.created': { job_id: string; position_id: string }
  'position.deleted': { job_id: string; position_id: string }
  'position.updated': { job_id: string; position_id: string }
  'review.created': { application_id: string; review_id: string }
  'review.deleted': { application_id: string; review_id: string }
  'review.updated': { application_id: string; review_id: string }
}
