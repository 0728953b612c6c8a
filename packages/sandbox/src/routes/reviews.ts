import type { On } from '../api/imitation.js'
import { apiError } from '../errors.js'
import { listOf } from '../pagination.js'
import type { Item } from '../state/given-data.js'
import type { World } from '../world.js'
import { find, has, now } from './records.js'

/** Reviews of candidates for a job. */
export function reviewRoutes(on: On, { data }: World): void {
  const { reviews } = data
  const checkRating = ({ overallRating: rating }: Record<string, unknown>) => {
    if (rating !== undefined && !(Number(rating) >= 1 && Number(rating) <= 5)) {
      throw apiError(400, 'INVALID_REQUEST', '"overallRating" must be from 1 to 5')
    }
  }
  const reviewBy = (id: string, reviewerId: unknown): Item => {
    const review = find(reviews, id, 'Review')
    if ((review.reviewerId ?? reviewerId) === reviewerId) return review
    // SmartRecruiters answers 401 where others answer 403.
    throw apiError(401, 'REVIEWER_NOT_AUTHORIZED_TO_ACCESS_RESOURCE', 'The review is of another reviewer')
  }

  on('GET /reviews-api/v201910/reviews', call => {
    const [candidateId, jobId] = [call.query.get('candidateId'), call.query.get('jobId')]
    const rows = [...reviews.values()]
    return listOf(
      call,
      rows.filter(review => has(review, 'candidateId', candidateId) && has(review, 'jobId', jobId)),
    )
  })

  on('POST /reviews-api/v201910/reviews', ({ body }) => {
    checkRating(body)
    const { candidateId, jobId, reviewerId = data.users.keys().next().value } = body
    if (!data.candidates.has(String(candidateId))) throw apiError(422, 'CANDIDATE_NOT_FOUND', 'No such candidate')
    if (!data.jobs.has(String(jobId))) throw apiError(422, 'JOB_NOT_FOUND', 'No such job')
    if (!data.users.has(String(reviewerId))) throw apiError(422, 'NON_EXISTING_REVIEWER', `No user ${reviewerId}`)
    const review: Item = { createdOn: now(), updatedOn: now(), ...body, reviewerId, id: data.newId('review') }
    reviews.set(review.id, review)
    return review
  })

  on('GET /reviews-api/v201910/reviews/{reviewId}', ({ params }) => find(reviews, params.reviewId, 'Review'))

  on('PATCH /reviews-api/v201910/reviews/{reviewId}', ({ params, body }) => {
    checkRating(body)
    Object.assign(reviewBy(params.reviewId, body.reviewerId), body, { id: params.reviewId, updatedOn: now() })
  })

  on('DELETE /reviews-api/v201910/reviews/{reviewId}', ({ params, query }) => {
    reviews.delete(reviewBy(params.reviewId, query.get('reviewerId')).id)
  })
}
