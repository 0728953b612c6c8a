/**
 * The types of the SmartRecruiters API: its operations and its objects. There is nothing here at run time.
 *
 * Generated from `api/` by `npm run generate`.
 *
 * @packageDocumentation
 */

/** The name of an operation: its method and its path, such as `GET /jobs/{id}`. */
export type OperationName = keyof Operations

/**
 * The operations of the API by their names. Each has `params` and `query` if it takes any, its body as the option that
 * sends it (`json`, `form` or `body`), the `response` that a call resolves with, and the `item` of a list.
 */
export interface Operations {
  'GET /approvals-api/v201910/approvals': {
    query: {
      pageId?: string | null | undefined
    }
    response: ApprovalRequests
    item: ApprovalRequest
  }
  'POST /approvals-api/v201910/approvals': {
    json: ApprovalRequestInput
    response: ApprovalRequest
  }
  'GET /approvals-api/v201910/approvals/{approvalRequestId}': {
    params: { approvalRequestId: string }
    response: ApprovalRequest
  }
  'POST /approvals-api/v201910/approvals/{approvalRequestId}/approve-decisions': {
    params: { approvalRequestId: string }
    json: ApproveDecision
    response: undefined
  }
  'GET /approvals-api/v201910/approvals/{approvalRequestId}/comments': {
    params: { approvalRequestId: string }
    response: ApprovalComments
    item: ApprovalComment
  }
  'POST /approvals-api/v201910/approvals/{approvalRequestId}/comments': {
    params: { approvalRequestId: string }
    json: ApprovalCommentInput
    response: ApprovalComment
  }
  'POST /approvals-api/v201910/approvals/{approvalRequestId}/reject-decisions': {
    params: { approvalRequestId: string }
    json: RejectDecision
    response: undefined
  }
  'POST /apps-integrations/partner-api/integrations': {
    json: unknown
    response: unknown
  }
  'POST /assessment-api/v202010/integration/company/{companyId}': {
    params: { companyId: string }
    json: CompanyCredentials
    response: CompanyCredentials
  }
  'PATCH /assessment-api/v202010/orders/{orderId}/results': {
    params: { orderId: string }
    json: PackageResult
    response: PackageResult
  }
  'POST /assessment-api/v202010/orders/{orderId}/results/attachment': {
    params: { orderId: string }
    form: FormData
    response: AttachmentResult
  }
  'GET /assessment-api/v202010/partner/configuration': {
    response: PartnerConfiguration
  }
  'PUT /assessment-api/v202010/partner/configuration': {
    json: PartnerConfigurationInput
    response: PartnerConfiguration
  }
  'GET /assessment-api/v202107/assessment-orders': {
    query: {
      applicationId: string
    }
    response: AssessmentOrder[]
    item: AssessmentOrder
  }
  'GET /audit-api/v201910/audit-events': {
    query: {
      eventDateAfter?: string | null | undefined
      eventDateBefore?: string | null | undefined
      eventName?: AuditEventName | readonly AuditEventName[] | null | undefined
      authorType?:
        | 'USER'
        | 'SUPPORT_USER'
        | 'SYSTEM'
        | 'CANDIDATE'
        | (string & {})
        | readonly ('USER' | 'SUPPORT_USER' | 'SYSTEM' | 'CANDIDATE' | (string & {}))[]
        | null
        | undefined
      authorId?: string | null | undefined
      entityType?:
        | 'USER'
        | 'CANDIDATE'
        | 'APPLICATION'
        | 'OFFER'
        | 'JOB'
        | 'COMPANY'
        | 'JOB_PROPERTY'
        | 'JOB_AD'
        | 'CREDENTIAL'
        | 'REPORT_FILE'
        | 'ONBOARDING_PROCESS'
        | 'HIRING_TEAM_ROLE'
        | (string & {})
        | readonly (
            | 'USER'
            | 'CANDIDATE'
            | 'APPLICATION'
            | 'OFFER'
            | 'JOB'
            | 'COMPANY'
            | 'JOB_PROPERTY'
            | 'JOB_AD'
            | 'CREDENTIAL'
            | 'REPORT_FILE'
            | 'ONBOARDING_PROCESS'
            | 'HIRING_TEAM_ROLE'
            | (string & {})
          )[]
        | null
        | undefined
      entityId?: string | null | undefined
      nextPageId?: string | null | undefined
      limit?: number | null | undefined
    }
    response: AuditEvents
    item: AuditEvent
  }
  'GET /candidate-status-api/status/{applicationUuid}': {
    params: { applicationUuid: string }
    response: unknown
  }
  'GET /candidates': {
    query: {
      q?: string | null | undefined
      limit?: number | null | undefined
      pageId?: string | null | undefined
      jobId?: string | readonly string[] | null | undefined
      location?: string | readonly string[] | null | undefined
      averageRating?: number | readonly number[] | null | undefined
      status?: CandidateStatusValue | readonly CandidateStatusValue[] | null | undefined
      consentStatus?: ConsentStatus | readonly ConsentStatus[] | null | undefined
      subStatus?: string | null | undefined
      tag?: string | readonly string[] | null | undefined
      updatedAfter?: string | null | undefined
      onboardingStatus?:
        | 'READY_TO_ONBOARD'
        | 'ONBOARDING_SUCCESSFUL'
        | 'ONBOARDING_FAILED'
        | (string & {})
        | null
        | undefined
      propertyId?: string | readonly string[] | null | undefined
      propertyValueId?: string | readonly string[] | null | undefined
      sourceType?: string | readonly string[] | null | undefined
      sourceSubType?: string | readonly string[] | null | undefined
      sourceValueId?: string | readonly string[] | null | undefined
      questionCategory?: string | readonly string[] | null | undefined
      questionFieldId?: string | readonly string[] | null | undefined
      questionFieldValueId?: string | readonly string[] | null | undefined
    }
    response: Candidates
    item: Candidate
  }
  'POST /candidates': {
    json: CandidateInput
    response: CandidateDetails
  }
  'GET /candidates/attachments/{attachmentId}': {
    params: { attachmentId: string }
    response: Uint8Array | string
  }
  'DELETE /candidates/attachments/{attachmentId}': {
    params: { attachmentId: string }
    response: undefined
  }
  'POST /candidates/consent-requests': {
    json: ConsentRequestBatch
    response: ConsentRequestsResults
  }
  'POST /candidates/cv': {
    form: FormData
    response: CandidateDetails
  }
  'POST /candidates/cv/parse': {
    form: FormData
    response: unknown
  }
  'GET /candidates/{id}': {
    params: { id: string }
    response: CandidateDetails
  }
  'PATCH /candidates/{id}': {
    params: { id: string }
    json: PersonalDetails
    response: CandidateDetails
  }
  'DELETE /candidates/{id}': {
    params: { id: string }
    response: undefined
  }
  /** @deprecated Use `GET /candidates/{id}/jobs/{jobId}/attachments`. */
  'GET /candidates/{id}/attachments': {
    params: { id: string }
    response: CandidateAttachments
    item: CandidateAttachment
  }
  /** @deprecated Use `POST /candidates/{id}/jobs/{jobId}/attachments`. */
  'POST /candidates/{id}/attachments': {
    params: { id: string }
    form: FormData
    response: CandidateAttachment
  }
  /** @deprecated Use `GET /candidates/attachments/{attachmentId}`. */
  'GET /candidates/{id}/attachments/{attachmentId}': {
    params: { id: string; attachmentId: string }
    response: Uint8Array | string
  }
  'GET /candidates/{id}/consent': {
    params: { id: string }
    response: CandidateConsentStatus
  }
  'GET /candidates/{id}/consents': {
    params: { id: string }
    response: ConsentDecisions
  }
  'GET /candidates/{id}/jobs/{jobId}': {
    params: { id: string; jobId: string }
    response: Application
  }
  'DELETE /candidates/{id}/jobs/{jobId}': {
    params: { id: string; jobId: string }
    response: unknown
  }
  'GET /candidates/{id}/jobs/{jobId}/attachments': {
    params: { id: string; jobId: string }
    response: ApplicationAttachments
    item: ApplicationAttachment
  }
  'POST /candidates/{id}/jobs/{jobId}/attachments': {
    params: { id: string; jobId: string }
    form: FormData
    response: ApplicationAttachment
  }
  'GET /candidates/{id}/jobs/{jobId}/offers': {
    params: { id: string; jobId: string }
    response: Offers
    item: Offer
  }
  'GET /candidates/{id}/jobs/{jobId}/offers/{offerId}': {
    params: { id: string; jobId: string; offerId: string }
    response: Offer
  }
  'GET /candidates/{id}/jobs/{jobId}/offers/{offerId}/approvals/latest': {
    params: { id: string; jobId: string; offerId: string }
    response: OfferApproval
  }
  'GET /candidates/{id}/jobs/{jobId}/onboardingStatus': {
    params: { id: string; jobId: string }
    response: OnboardingStatus
  }
  'PUT /candidates/{id}/jobs/{jobId}/onboardingStatus': {
    params: { id: string; jobId: string }
    json: OnboardingStatus
    response: undefined
  }
  'GET /candidates/{id}/jobs/{jobId}/properties': {
    params: { id: string; jobId: string }
    query: {
      context?: 'PROFILE' | 'OFFER_FORM' | 'HIRE_FORM' | 'OFFER_APPROVAL_FORM' | (string & {}) | null | undefined
    }
    response: CandidateProperties
    item: CandidateProperty
  }
  'PUT /candidates/{id}/jobs/{jobId}/properties': {
    params: { id: string; jobId: string }
    json: CandidatePropertyValueInput[]
    response: undefined
  }
  /** @deprecated Use `PUT /candidates/{id}/jobs/{jobId}/properties`. */
  'PUT /candidates/{id}/jobs/{jobId}/properties/{propertyId}': {
    params: { id: string; jobId: string; propertyId: string }
    json: CandidatePropertyInputValue
    response: undefined
  }
  'GET /candidates/{id}/jobs/{jobId}/screening-answers': {
    params: { id: string; jobId: string }
    response: ScreeningAnswers
    item: ScreeningAnswer
  }
  'PUT /candidates/{id}/jobs/{jobId}/source': {
    params: { id: string; jobId: string }
    json: CandidateSource
    response: undefined
  }
  'PUT /candidates/{id}/jobs/{jobId}/status': {
    params: { id: string; jobId: string }
    json: CandidateStatus
    response: undefined
  }
  'GET /candidates/{id}/jobs/{jobId}/status/history': {
    params: { id: string; jobId: string }
    response: CandidateStatusHistory
    item: CandidateStatusChange
  }
  /** @deprecated Use `GET /candidates/{id}/jobs/{jobId}/onboardingStatus`. */
  'GET /candidates/{id}/onboardingStatus': {
    params: { id: string }
    response: OnboardingStatus
  }
  /** @deprecated Use `PUT /candidates/{id}/jobs/{jobId}/onboardingStatus`. */
  'PUT /candidates/{id}/onboardingStatus': {
    params: { id: string }
    json: OnboardingStatus
    response: undefined
  }
  /** @deprecated Use `GET /candidates/{id}/jobs/{jobId}/properties`. */
  'GET /candidates/{id}/properties': {
    params: { id: string }
    query: {
      context?: 'PROFILE' | 'OFFER_FORM' | 'HIRE_FORM' | 'OFFER_APPROVAL_FORM' | (string & {}) | null | undefined
    }
    response: CandidateProperties
    item: CandidateProperty
  }
  /** @deprecated Use `PUT /candidates/{id}/jobs/{jobId}/properties`. */
  'PUT /candidates/{id}/properties/{propertyId}': {
    params: { id: string; propertyId: string }
    json: CandidatePropertyInputValue
    response: undefined
  }
  /** @deprecated Use `PUT /candidates/{id}/jobs/{jobId}/status`. */
  'PUT /candidates/{id}/status': {
    params: { id: string }
    json: CandidateStatus
    response: undefined
  }
  /** @deprecated Use `GET /candidates/{id}/jobs/{jobId}/status/history`. */
  'GET /candidates/{id}/status/history': {
    params: { id: string }
    response: CandidateStatusHistory
    item: CandidateStatusChange
  }
  'GET /candidates/{id}/tags': {
    params: { id: string }
    response: CandidateTags
  }
  'POST /candidates/{id}/tags': {
    params: { id: string }
    json: CandidateTags
    response: CandidateTags
  }
  'PUT /candidates/{id}/tags': {
    params: { id: string }
    json: CandidateTags
    response: CandidateTags
  }
  'DELETE /candidates/{id}/tags': {
    params: { id: string }
    response: undefined
  }
  'GET /configuration/access-groups': {
    query: {
      pageId?: string | null | undefined
      pageSize?: number | null | undefined
    }
    response: unknown
    item: unknown
  }
  'POST /configuration/access-groups': {
    json: AccessGroupInput
    response: unknown
  }
  'GET /configuration/access-groups/{accessGroupId}': {
    params: { accessGroupId: string }
    response: unknown
  }
  'PUT /configuration/access-groups/{accessGroupId}': {
    params: { accessGroupId: string }
    json: AccessGroupInput
    response: unknown
  }
  'DELETE /configuration/access-groups/{accessGroupId}': {
    params: { accessGroupId: string }
    response: unknown
  }
  'GET /configuration/candidate-properties': {
    response: CandidatePropertyDefinitionList
    item: CandidatePropertyDefinition
  }
  'GET /configuration/candidate-properties/{id}': {
    params: { id: string }
    response: CandidatePropertyDefinition
  }
  'GET /configuration/candidate-properties/{id}/values': {
    params: { id: string }
    response: CandidatePropertyOptionList
    item: CandidatePropertyOption
  }
  'POST /configuration/candidate-properties/{id}/values': {
    params: { id: string }
    json: CandidatePropertyOption
    response: CandidatePropertyOption
  }
  'GET /configuration/candidate-properties/{id}/values/{valueId}': {
    params: { id: string; valueId: string }
    response: CandidatePropertyOption
  }
  'PUT /configuration/candidate-properties/{id}/values/{valueId}': {
    params: { id: string; valueId: string }
    json: CandidatePropertyOptionLabel
    response: CandidatePropertyOption
  }
  'DELETE /configuration/candidate-properties/{id}/values/{valueId}': {
    params: { id: string; valueId: string }
    response: undefined
  }
  'GET /configuration/career-sites': {
    query: {
      pageId?: string | null | undefined
      pageSize?: number | null | undefined
    }
    response: unknown
    item: unknown
  }
  'GET /configuration/career-sites/{careerSiteId}': {
    params: { careerSiteId: string }
    response: unknown
  }
  'GET /configuration/company': {
    response: CompanyConfiguration
  }
  'GET /configuration/departments': {
    response: Departments
    item: Department
  }
  'POST /configuration/departments': {
    json: Department
    response: Department
  }
  'GET /configuration/departments/{id}': {
    params: { id: string }
    response: Department
  }
  'GET /configuration/hiring-processes': {
    response: HiringProcesses
    item: HiringProcess
  }
  'GET /configuration/hiring-processes/{id}': {
    params: { id: string }
    response: HiringProcess
  }
  'GET /configuration/job-properties': {
    response: JobPropertyDefinitionList
    item: JobPropertyDefinition
  }
  'POST /configuration/job-properties': {
    json: JobPropertyDefinitionInput
    response: JobPropertyDefinition
  }
  'GET /configuration/job-properties/{id}': {
    params: { id: string }
    response: JobPropertyDefinition
  }
  'PATCH /configuration/job-properties/{id}': {
    params: { id: string }
    json: JSONPatch
    response: JobPropertyDefinition
  }
  'PUT /configuration/job-properties/{id}/activation': {
    params: { id: string }
    response: undefined
  }
  'DELETE /configuration/job-properties/{id}/activation': {
    params: { id: string }
    response: undefined
  }
  'PUT /configuration/job-properties/{id}/archive-values/{valueId}': {
    params: { id: string; valueId: string }
    response: undefined
  }
  'DELETE /configuration/job-properties/{id}/archive-values/{valueId}': {
    params: { id: string; valueId: string }
    response: undefined
  }
  'GET /configuration/job-properties/{id}/dependents': {
    params: { id: string }
    response: DependentJobProperties
    item: DependentJobProperty
  }
  'POST /configuration/job-properties/{id}/dependents': {
    params: { id: string }
    json: DependentJobPropertyIds
    response: DependentJobProperties
  }
  'DELETE /configuration/job-properties/{id}/dependents/{dependentId}': {
    params: { id: string; dependentId: string }
    response: undefined
  }
  /** @deprecated Use `GET /configuration/job-properties/{id}/values/{valueId}/dependents/{dependentId}/values`. */
  'GET /configuration/job-properties/{id}/dependents/{dependentId}/values': {
    params: { id: string; dependentId: string }
    response: DependentJobPropertyValuesRelations
    item: DependentJobPropertyValuesRelation
  }
  'PATCH /configuration/job-properties/{id}/translations': {
    params: { id: string }
    json: LabelTranslation[]
    response: undefined
  }
  'GET /configuration/job-properties/{id}/values': {
    params: { id: string }
    query: {
      pageId?: string | null | undefined
      pageSize?: number | null | undefined
    }
    response: JobPropertyValueDefinitionList
    item: JobPropertyValueDefinition
  }
  'POST /configuration/job-properties/{id}/values': {
    params: { id: string }
    json: JobPropertyValueDefinition
    response: JobPropertyValueDefinition
  }
  /** @deprecated Use `DELETE /configuration/job-properties/{id}/archive-values/{valueId}`. */
  'PUT /configuration/job-properties/{id}/values/{valueId}': {
    params: { id: string; valueId: string }
    response: undefined
  }
  'PATCH /configuration/job-properties/{id}/values/{valueId}': {
    params: { id: string; valueId: string }
    json: JSONPatch
    response: JobPropertyValueDefinition
  }
  /** @deprecated Use `PUT /configuration/job-properties/{id}/archive-values/{valueId}`. */
  'DELETE /configuration/job-properties/{id}/values/{valueId}': {
    params: { id: string; valueId: string }
    response: undefined
  }
  'GET /configuration/job-properties/{id}/values/{valueId}/dependents/{dependentId}/values': {
    params: { id: string; valueId: string; dependentId: string }
    query: {
      pageId?: string | null | undefined
      pageSize?: number | null | undefined
    }
    response: DependentJobPropertyValues
    item: DependentJobPropertyValue
  }
  'POST /configuration/job-properties/{id}/values/{valueId}/dependents/{dependentId}/values': {
    params: { id: string; valueId: string; dependentId: string }
    json: Identifiable
    response: undefined
  }
  'DELETE /configuration/job-properties/{id}/values/{valueId}/dependents/{dependentId}/values/{dependentValueId}': {
    params: { id: string; valueId: string; dependentId: string; dependentValueId: string }
    response: undefined
  }
  'PATCH /configuration/job-properties/{id}/values/{valueId}/translations': {
    params: { id: string; valueId: string }
    json: LabelTranslation[]
    response: undefined
  }
  'GET /configuration/offer-properties': {
    response: OfferPropertiesDefinition
  }
  'GET /configuration/predefined-locations': {
    query: {
      pageId?: string | null | undefined
      pageSize?: number | null | undefined
      identifiers?: string | readonly string[] | null | undefined
    }
    response: unknown
    item: unknown
  }
  'POST /configuration/predefined-locations': {
    json: unknown
    response: unknown
  }
  'DELETE /configuration/predefined-locations': {
    json: unknown
    response: unknown
  }
  'GET /configuration/predefined-locations/{id}': {
    params: { id: string }
    response: unknown
  }
  'PUT /configuration/predefined-locations/{id}': {
    params: { id: string }
    json: unknown
    response: unknown
  }
  'DELETE /configuration/predefined-locations/{id}': {
    params: { id: string }
    response: unknown
  }
  'GET /configuration/rejection-reasons': {
    response: Properties
    item: Property
  }
  'GET /configuration/sources': {
    response: SourceTypes
    item: SourceType
  }
  'PUT /configuration/sources/recruiters/resolve': {
    query: {
      sourceName: string
    }
    response: unknown
  }
  'GET /configuration/sources/{sourceIdentifier}': {
    params: { sourceIdentifier: string }
    response: SourceDefinition
  }
  'GET /configuration/sources/{sourceType}/values': {
    params: { sourceType: string }
    query: {
      sourceSubType?: string | null | undefined
      limit?: number | null | undefined
      offset?: number | null | undefined
    }
    response: Sources
    item: Source
  }
  'GET /configuration/sources/{sourceType}/values/{sourceValueId}': {
    params: { sourceType: string; sourceValueId: string }
    query: {
      sourceSubType?: string | null | undefined
    }
    response: Source
  }
  'GET /configuration/withdrawal-reasons': {
    response: Properties
    item: Property
  }
  'GET /event-management-api/events': {
    query: {
      jobId: string
      state: 'PAST' | 'ACTIVE' | (string & {})
      page?: number | null | undefined
      pageSize?: number | null | undefined
    }
    response: unknown
    item: unknown
  }
  'POST /event-management-api/events': {
    json: unknown
    response: unknown
  }
  'GET /event-management-api/events/applications/{applicationId}': {
    params: { applicationId: string }
    query: {
      state: 'PAST' | 'ACTIVE' | (string & {})
    }
    response: unknown
  }
  'GET /event-management-api/events/candidates/{profileId}': {
    params: { profileId: string }
    query: {
      state: 'PAST' | 'ACTIVE' | (string & {})
    }
    response: unknown
  }
  'GET /event-management-api/events/{eventId}': {
    params: { eventId: string }
    response: unknown
  }
  'PUT /event-management-api/events/{eventId}': {
    params: { eventId: string }
    json: unknown
    response: unknown
  }
  'DELETE /event-management-api/events/{eventId}': {
    params: { eventId: string }
    response: unknown
  }
  'GET /event-management-api/events/{eventId}/applicants': {
    params: { eventId: string }
    response: unknown
  }
  'POST /event-management-api/events/{eventId}/applicants': {
    params: { eventId: string }
    json: unknown
    response: unknown
  }
  'GET /event-management-api/events/{eventId}/pool-applicants': {
    params: { eventId: string }
    query: {
      page?: number | null | undefined
      pageSize?: number | null | undefined
    }
    response: unknown
    item: unknown
  }
  'GET /event-management-api/events/{eventId}/sessions/{sessionId}': {
    params: { eventId: string; sessionId: string }
    response: unknown
  }
  'DELETE /event-management-api/events/{eventId}/sessions/{sessionId}': {
    params: { eventId: string; sessionId: string }
    response: unknown
  }
  'POST /event-management-api/events/{eventId}/sessions/{sessionId}/applicants': {
    params: { eventId: string; sessionId: string }
    json: unknown
    response: unknown
  }
  'PUT /event-management-api/events/{eventId}/sessions/{sessionId}/applicants': {
    params: { eventId: string; sessionId: string }
    json: unknown
    response: unknown
  }
  'PUT /event-management-api/events/{eventId}/sessions/{sessionId}/interviewers': {
    params: { eventId: string; sessionId: string }
    json: unknown
    response: unknown
  }
  'DELETE /event-management-api/events/{eventId}/sessions/{sessionId}/interviewers': {
    params: { eventId: string; sessionId: string }
    json: unknown
    response: unknown
  }
  'GET /feed/publications': {
    query: {
      updatedAfter?: string | null | undefined
      status?:
        | 'Pending'
        | 'UnderPosting'
        | 'Active'
        | 'toUnpost'
        | 'Inactive'
        | 'Error'
        | (string & {})
        | readonly ('Pending' | 'UnderPosting' | 'Active' | 'toUnpost' | 'Inactive' | 'Error' | (string & {}))[]
        | null
        | undefined
      offset?: string | null | undefined
      limit?: string | null | undefined
    }
    response: FeedPublication
    item: FeedJobAd
  }
  'GET /feed/publications/{postingId}': {
    params: { postingId: string }
    response: FeedJobAd
  }
  'PUT /feed/publications/{postingId}': {
    params: { postingId: string }
    json: PostingUpdate
    response: undefined
  }
  'GET /integration': {
    query: {
      companyId?: string | null | undefined
    }
    response: string
  }
  'DELETE /integrations/companies/{companyId}': {
    params: { companyId: string }
    response: undefined
  }
  'GET /interview-templates/interview/templates': {
    query: {
      page?: number | null | undefined
      limit?: number | null | undefined
      search?: string | null | undefined
    }
    response: unknown
    item: unknown
  }
  'POST /interview-templates/interview/templates': {
    json: unknown
    response: unknown
  }
  'PUT /interview-templates/interview/templates/job/{jobInterviewTemplateId}': {
    params: { jobInterviewTemplateId: string }
    json: unknown
    response: unknown
  }
  'PATCH /interview-templates/interview/templates/job/{jobInterviewTemplateId}': {
    params: { jobInterviewTemplateId: string }
    json: unknown
    response: unknown
  }
  'GET /interview-templates/interview/templates/job-applications/{applicationId}': {
    params: { applicationId: string }
    response: unknown
  }
  'GET /interview-templates/interview/templates/jobs/{jobId}': {
    params: { jobId: string }
    response: unknown
  }
  'GET /interview-templates/interview/templates/{id}': {
    params: { id: string }
    response: unknown
  }
  'PUT /interview-templates/interview/templates/{id}': {
    params: { id: string }
    json: unknown
    response: unknown
  }
  'DELETE /interview-templates/interview/templates/{id}': {
    params: { id: string }
    response: unknown
  }
  'GET /interview-templates/job-templates/job-applications/{applicationId}': {
    params: { applicationId: string }
    response: unknown
  }
  'GET /interview-templates/job-templates/jobs/{jobId}': {
    params: { jobId: string }
    response: unknown
  }
  'GET /interview-templates/job-templates/jobs/{jobId}/hiringStages/{hiringStage}': {
    params: { jobId: string; hiringStage: string }
    query: {
      hiringStep: string
    }
    response: unknown
  }
  'PUT /interview-templates/job-templates/jobs/{jobId}/hiringStages/{hiringStage}': {
    params: { jobId: string; hiringStage: string }
    query: {
      hiringStep: string
    }
    json: unknown
    response: unknown
  }
  'POST /interview-templates/job-templates/jobs/{jobId}/search': {
    params: { jobId: string }
    json: unknown
    response: unknown
  }
  'PUT /interview-templates/job-templates/{jobInterviewTemplateId}': {
    params: { jobInterviewTemplateId: string }
    json: unknown
    response: unknown
  }
  'PATCH /interview-templates/job-templates/{jobInterviewTemplateId}': {
    params: { jobInterviewTemplateId: string }
    json: unknown
    response: unknown
  }
  'GET /interview-templates/managed-steps/jobs/{jobId}': {
    params: { jobId: string }
    response: unknown
  }
  'PUT /interview-templates/managed-steps/jobs/{jobId}': {
    params: { jobId: string }
    json: unknown
    response: unknown
  }
  'GET /interview-templates/schedule/preferences/users/{userId}': {
    params: { userId: string }
    response: unknown
  }
  'GET /interview-templates/templates': {
    query: {
      page?: number | null | undefined
      pageSize?: number | null | undefined
      hiringStage?: 'NEW' | 'IN_PROGRESS' | 'INTERVIEW' | 'OFFER' | (string & {}) | null | undefined
      hiringStep?: string | null | undefined
      type?: 'INDIVIDUAL' | 'GROUP' | (string & {}) | null | undefined
      search?: string | null | undefined
    }
    response: unknown
    item: unknown
  }
  'POST /interview-templates/templates': {
    json: unknown
    response: unknown
  }
  'GET /interview-templates/templates/{id}': {
    params: { id: string }
    response: unknown
  }
  'PUT /interview-templates/templates/{id}': {
    params: { id: string }
    json: unknown
    response: unknown
  }
  'DELETE /interview-templates/templates/{id}': {
    params: { id: string }
    response: unknown
  }
  'GET /interviews-api/v201904/interview-types': {
    response: InterviewType[]
    item: InterviewType
  }
  'PATCH /interviews-api/v201904/interview-types': {
    json: InterviewType[]
    response: undefined
  }
  'DELETE /interviews-api/v201904/interview-types/{interviewType}': {
    params: { interviewType: string }
    response: undefined
  }
  'GET /interviews-api/v201904/interviews': {
    query: {
      applicationId: string
    }
    response: InterviewsList
    item: Interview
  }
  'POST /interviews-api/v201904/interviews': {
    json: Interview
    response: Interview
  }
  'GET /interviews-api/v201904/interviews/{interviewId}': {
    params: { interviewId: string }
    response: Interview
  }
  'PATCH /interviews-api/v201904/interviews/{interviewId}': {
    params: { interviewId: string }
    json: InterviewUpdate
    response: undefined
  }
  'DELETE /interviews-api/v201904/interviews/{interviewId}': {
    params: { interviewId: string }
    response: undefined
  }
  /** @deprecated Use `PUT /interviews-api/v201904/interviews/{interviewId}/timeslots/{timeslotId}/candidateStatus`. */
  'PUT /interviews-api/v201904/interviews/{interviewId}/candidate/status': {
    params: { interviewId: string }
    json: AttendeeStatus
    response: undefined
  }
  'POST /interviews-api/v201904/interviews/{interviewId}/timeslots': {
    params: { interviewId: string }
    json: Timeslot
    response: Timeslot
  }
  'GET /interviews-api/v201904/interviews/{interviewId}/timeslots/{timeslotId}': {
    params: { interviewId: string; timeslotId: string }
    response: Timeslot
  }
  'PATCH /interviews-api/v201904/interviews/{interviewId}/timeslots/{timeslotId}': {
    params: { interviewId: string; timeslotId: string }
    json: Timeslot
    response: undefined
  }
  'DELETE /interviews-api/v201904/interviews/{interviewId}/timeslots/{timeslotId}': {
    params: { interviewId: string; timeslotId: string }
    response: undefined
  }
  'PUT /interviews-api/v201904/interviews/{interviewId}/timeslots/{timeslotId}/candidateStatus': {
    params: { interviewId: string; timeslotId: string }
    json: AttendeeStatus
    response: undefined
  }
  'PUT /interviews-api/v201904/interviews/{interviewId}/timeslots/{timeslotId}/interviewers/{userId}/status': {
    params: { interviewId: string; timeslotId: string; userId: string }
    json: AttendeeStatus
    response: undefined
  }
  'PATCH /interviews-api/v201904/interviews/{interviewId}/timeslots/{timeslotId}/noshow': {
    params: { interviewId: string; timeslotId: string }
    query: {
      value: boolean
    }
    response: unknown
  }
  'GET /job-applications-api/v202112/job-applications/{jobApplicationId}': {
    params: { jobApplicationId: string }
    response: JobApplication
  }
  'DELETE /job-applications-api/v202112/job-applications/{jobApplicationId}': {
    params: { jobApplicationId: string }
    response: unknown
  }
  'POST /job-applications-api/v202112/job-applications/{jobApplicationId}/consent-request': {
    params: { jobApplicationId: string }
    response: unknown
  }
  'GET /job-applications-api/v202112/job-applications/{jobApplicationId}/consents': {
    params: { jobApplicationId: string }
    response: unknown
  }
  'GET /jobs': {
    query: {
      q?: string | null | undefined
      limit?: number | null | undefined
      offset?: number | null | undefined
      pageId?: string | null | undefined
      sort?: 'default' | 'job_id' | (string & {}) | null | undefined
      city?: string | readonly string[] | null | undefined
      department?: string | readonly string[] | null | undefined
      updatedAfter?: string | null | undefined
      lastActivityAfter?: string | null | undefined
      language?: JobAdLanguageCode | null | undefined
      status?:
        | 'CREATED'
        | 'SOURCING'
        | 'FILLED'
        | 'INTERVIEW'
        | 'OFFER'
        | 'CANCELLED'
        | 'ON_HOLD'
        | (string & {})
        | null
        | undefined
      statuses?:
        | 'CREATED'
        | 'SOURCING'
        | 'FILLED'
        | 'INTERVIEW'
        | 'OFFER'
        | 'CANCELLED'
        | 'ON_HOLD'
        | (string & {})
        | readonly (
            | 'CREATED'
            | 'SOURCING'
            | 'FILLED'
            | 'INTERVIEW'
            | 'OFFER'
            | 'CANCELLED'
            | 'ON_HOLD'
            | (string & {})
          )[]
        | null
        | undefined
      postingStatus?: PostingStatus | null | undefined
      hiringTeamMemberId?: string | readonly string[] | null | undefined
    }
    response: Jobs
    item: JobSummary
  }
  'POST /jobs': {
    json: JobInput
    response: JobDetails
  }
  'GET /jobs/{id}': {
    params: { id: string }
    response: JobDetails
  }
  'PUT /jobs/{id}': {
    params: { id: string }
    json: JobInput
    response: JobDetails
  }
  'PATCH /jobs/{id}': {
    params: { id: string }
    json: JSONPatch
    response: JobDetails
  }
  'GET /jobs/{id}/approvals/latest': {
    params: { id: string }
    response: JobApproval
  }
  'POST /jobs/{id}/candidates': {
    params: { id: string }
    json: CandidateInput
    response: CandidateDetails
  }
  'POST /jobs/{id}/candidates/cv': {
    params: { id: string }
    form: FormData
    response: CandidateDetails
  }
  'PATCH /jobs/{id}/headcount': {
    params: { id: string }
    json: HeadcountPatch
    response: HeadcountUpdateAccepted
  }
  'GET /jobs/{id}/hiring-team': {
    params: { id: string }
    response: HiringTeamMembers
    item: HiringTeamMember
  }
  'POST /jobs/{id}/hiring-team': {
    params: { id: string }
    json: HiringTeamMemberInput
    response: HiringTeamMember
  }
  'DELETE /jobs/{id}/hiring-team/{userId}': {
    params: { id: string; userId: string }
    response: undefined
  }
  'GET /jobs/{id}/jobads': {
    params: { id: string }
    response: JobAdItem[]
    item: JobAdItem
  }
  'POST /jobs/{id}/jobads': {
    params: { id: string }
    json: JobAdContent
    response: JobAdItem
  }
  'GET /jobs/{id}/jobads/{jobAdId}': {
    params: { id: string; jobAdId: string }
    response: JobAdItem
  }
  'PUT /jobs/{id}/jobads/{jobAdId}': {
    params: { id: string; jobAdId: string }
    json: JobAdContent
    response: JobAdItem
  }
  'GET /jobs/{id}/jobads/{jobAdId}/postings': {
    params: { id: string; jobAdId: string }
    query: {
      activeOnly?: boolean | null | undefined
    }
    response: PublicationList
    item: PublicationListItem
  }
  'POST /jobs/{id}/jobads/{jobAdId}/postings': {
    params: { id: string; jobAdId: string }
    json: Publication
    response: JobAdPublicationScheduled
  }
  'DELETE /jobs/{id}/jobads/{jobAdId}/postings': {
    params: { id: string; jobAdId: string }
    response: JobAdUnpublishScheduled
  }
  'GET /jobs/{id}/note': {
    params: { id: string }
    response: JobNote
  }
  'PUT /jobs/{id}/note': {
    params: { id: string }
    json: JobNote
    response: JobNote
  }
  'GET /jobs/{id}/positions': {
    params: { id: string }
    response: JobPositions
    item: JobPosition
  }
  'POST /jobs/{id}/positions': {
    params: { id: string }
    json: JobPositionInput
    response: JobPosition
  }
  'GET /jobs/{id}/positions/{positionId}': {
    params: { id: string; positionId: string }
    response: JobPosition
  }
  'PUT /jobs/{id}/positions/{positionId}': {
    params: { id: string; positionId: string }
    json: JobPositionInput
    response: JobPosition
  }
  'DELETE /jobs/{id}/positions/{positionId}': {
    params: { id: string; positionId: string }
    response: undefined
  }
  'GET /jobs/{id}/publication': {
    params: { id: string }
    query: {
      activeOnly?: boolean | null | undefined
    }
    response: PublicationList
    item: PublicationListItem
  }
  'POST /jobs/{id}/publication': {
    params: { id: string }
    json: Publication
    response: undefined
  }
  'DELETE /jobs/{id}/publication': {
    params: { id: string }
    response: undefined
  }
  'PUT /jobs/{id}/status': {
    params: { id: string }
    json: JobStatusUpdate
    response: JobStatusUpdate
  }
  'GET /jobs/{id}/status/history': {
    params: { id: string }
    response: JobStatusHistory
    item: JobStatusChange
  }
  'GET /message-templates-api/message-templates': {
    query: {
      type?: MessageTemplateType | readonly MessageTemplateType[] | null | undefined
      channel?:
        | 'EMAIL'
        | 'SMS_WHATSAPP'
        | (string & {})
        | readonly ('EMAIL' | 'SMS_WHATSAPP' | (string & {}))[]
        | null
        | undefined
      name?: string | null | undefined
    }
    response: unknown
  }
  'POST /message-templates-api/message-templates': {
    json: unknown
    response: unknown
  }
  'GET /message-templates-api/message-templates/{messageTemplateId}': {
    params: { messageTemplateId: string }
    response: unknown
  }
  'PUT /message-templates-api/message-templates/{messageTemplateId}': {
    params: { messageTemplateId: string }
    json: unknown
    response: unknown
  }
  'DELETE /message-templates-api/message-templates/{messageTemplateId}': {
    params: { messageTemplateId: string }
    response: unknown
  }
  'GET /messages': {
    query: {
      candidateId: string
      jobId?: string | null | undefined
      pageId?: string | null | undefined
      limit?: number | null | undefined
    }
    response: MessageView[]
    item: MessageView
  }
  'POST /messages/shares': {
    json: Message
    response: MessageDetails
  }
  'DELETE /messages/shares/{id}': {
    params: { id: string }
    response: undefined
  }
  'GET /notification-preferences/employee-preferences': {
    query: {
      channel: 'SLACK' | 'TEAMS' | 'EMAIL' | (string & {})
    }
    response: unknown
  }
  'POST /notification-preferences/employee-preferences': {
    query: {
      channel: 'SLACK' | 'TEAMS' | 'EMAIL' | (string & {})
    }
    json: unknown
    response: unknown
  }
  'PATCH /notification-preferences/employee-preferences': {
    json: unknown
    response: unknown
  }
  'GET /notification-preferences/employee-preferences/all': {
    response: unknown
  }
  'PATCH /notification-preferences/employee-preferences/preferences/{preferenceId}': {
    params: { preferenceId: string }
    query: {
      enabled?: boolean | null | undefined
    }
    response: unknown
  }
  'GET /notification-preferences/global-preferences': {
    response: unknown
  }
  'PATCH /notification-preferences/global-preferences': {
    json: unknown
    response: unknown
  }
  'GET /notification-preferences/notification-types': {
    response: unknown
  }
  'POST /oauth/token': {
    body: URLSearchParams
    response: PartnerToken
  }
  'GET /offers': {
    query: {
      limit?: number | null | undefined
      offset?: number | null | undefined
      createdAfter?: string | null | undefined
      createdBefore?: string | null | undefined
      age?: string | null | undefined
      status?:
        | 'CREATED'
        | 'PENDING_APPROVAL'
        | 'APPROVED'
        | 'NOT_APPROVED'
        | 'PENDING_ACCEPTANCE'
        | 'ACCEPTED'
        | 'NOT_ACCEPTED'
        | 'ABANDONED'
        | (string & {})
        | readonly (
            | 'CREATED'
            | 'PENDING_APPROVAL'
            | 'APPROVED'
            | 'NOT_APPROVED'
            | 'PENDING_ACCEPTANCE'
            | 'ACCEPTED'
            | 'NOT_ACCEPTED'
            | 'ABANDONED'
            | (string & {})
          )[]
        | null
        | undefined
    }
    response: Offers
    item: Offer
  }
  'GET /offers/{offerId}/documents': {
    params: { offerId: string }
    response: OfferDocuments
  }
  'GET /offers/{offerId}/documents/{documentId}': {
    params: { offerId: string; documentId: string }
    response: Uint8Array | string
  }
  'GET /packages': {
    query: {
      'country-code'?: string | null | undefined
      'region-abbr'?: string | null | undefined
      city?: string | null | undefined
      address?: string | null | undefined
      'postal-code'?: string | null | undefined
      remote?: boolean | null | undefined
      'partner-field-id'?: string | null | undefined
    }
    response: AssessmentPackage[] | undefined
    item: AssessmentPackage
  }
  'POST /packages/inline/orders': {
    json: InlineAssessmentPackageOrderRequest
    response: InlineAssessmentPackageResponse
  }
  'POST /packages/orders': {
    json: AssessmentPackageOrderRequest
    response: undefined
  }
  'GET /packages/{assessmentPackageId}': {
    params: { assessmentPackageId: string }
    response: AssessmentPackage
  }
  'POST /postings/{uuid}/candidates': {
    params: { uuid: string }
    json: ApplyApiRequest
    response: ApplyApiResponse
  }
  'GET /postings/{uuid}/candidates/{candidateId}/status': {
    params: { uuid: string; candidateId: string }
    response: ApplicationStatusInfo
  }
  'GET /postings/{uuid}/configuration': {
    params: { uuid: string }
    query: {
      conditionalsIncluded?: boolean | null | undefined
    }
    response: ApplyConfiguration
  }
  'GET /reporting-api/v201804/files/{reportFileId}': {
    params: { reportFileId: string }
    response: ReportFile
  }
  'GET /reporting-api/v201804/files/{reportFileId}/data': {
    params: { reportFileId: string }
    response: string
  }
  'GET /reporting-api/v201804/reports': {
    query: {
      page?: string | null | undefined
      limit?: number | null | undefined
    }
    response: Reports
    item: Report
  }
  'GET /reporting-api/v201804/reports/{reportId}': {
    params: { reportId: string }
    response: Report
  }
  'GET /reporting-api/v201804/reports/{reportId}/files': {
    params: { reportId: string }
    query: {
      page?: string | null | undefined
      limit?: number | null | undefined
    }
    response: ReportFiles
    item: ReportFile
  }
  'POST /reporting-api/v201804/reports/{reportId}/files': {
    params: { reportId: string }
    response: ReportFile
  }
  'GET /reporting-api/v201804/reports/{reportId}/files/recent': {
    params: { reportId: string }
    response: ReportFile
  }
  'GET /reporting-api/v201804/reports/{reportId}/files/recent/data': {
    params: { reportId: string }
    response: string
  }
  'GET /reviews-api/v201910/jobs/{jobId}/criteria': {
    params: { jobId: string }
    response: unknown
  }
  'GET /reviews-api/v201910/reviews': {
    query: {
      candidateId: string
      jobId: string
    }
    response: Review[]
    item: Review
  }
  'POST /reviews-api/v201910/reviews': {
    json: ReviewInput
    response: Review
  }
  'GET /reviews-api/v201910/reviews/{reviewId}': {
    params: { reviewId: string }
    response: Review
  }
  'PATCH /reviews-api/v201910/reviews/{reviewId}': {
    params: { reviewId: string }
    json: ReviewUpdate
    response: undefined
  }
  'DELETE /reviews-api/v201910/reviews/{reviewId}': {
    params: { reviewId: string }
    query: {
      reviewerId: string
    }
    response: undefined
  }
  'POST /self-scheduling/automated-self-schedules': {
    json: unknown
    response: unknown
  }
  'POST /self-scheduling/automated-self-schedules/reschedule': {
    json: unknown
    response: unknown
  }
  'POST /self-scheduling/automated-self-schedules/update-invite': {
    json: unknown
    response: unknown
  }
  'POST /self-scheduling/automated-self-schedules/{scheduleType}/application/{applicationUuid}/slots/count/by-role': {
    params: { scheduleType: string; applicationUuid: string }
    json: unknown
    response: unknown
  }
  'GET /self-scheduling/self-schedules': {
    query: {
      withInterviews?: boolean | null | undefined
      applicationId: string
      limit?: number | null | undefined
      offset?: number | null | undefined
    }
    response: unknown
    item: unknown
  }
  'GET /self-scheduling/self-schedules/{id}': {
    params: { id: string }
    response: unknown
  }
  'DELETE /self-scheduling/self-schedules/{id}': {
    params: { id: string }
    response: unknown
  }
  'GET /self-scheduling/self-schedules/{id}/application/{applicationUuid}': {
    params: { id: string; applicationUuid: string }
    response: unknown
  }
  'GET /self-scheduling/self-schedules/{id}/application/{applicationUuid}/interview': {
    params: { id: string; applicationUuid: string }
    response: unknown
  }
  'POST /self-scheduling/self-schedules/{id}/application/{applicationUuid}/interview': {
    params: { id: string; applicationUuid: string }
    json: unknown
    response: unknown
  }
  'PUT /self-scheduling/self-schedules/{id}/application/{applicationUuid}/interview': {
    params: { id: string; applicationUuid: string }
    json: unknown
    response: unknown
  }
  'GET /self-scheduling/self-schedules/{id}/application/{applicationUuid}/slots': {
    params: { id: string; applicationUuid: string }
    response: unknown
  }
  'GET /smartonboard-api/v202205/activity-assignments/{activityAssignmentId}/attachments': {
    params: { activityAssignmentId: string }
    response: ActivityAssignmentAttachments
  }
  'GET /smartonboard-api/v202205/activity-assignments/{activityAssignmentId}/attachments/{attachmentId}': {
    params: { activityAssignmentId: string; attachmentId: string }
    response: Uint8Array | string
  }
  'GET /smartonboard-api/v202205/fillable-pdf-form-assignments/{fillablePdfFormAssignmentId}/form-answers': {
    params: { fillablePdfFormAssignmentId: string }
    response: Uint8Array
  }
  'GET /smartonboard-api/v202205/new-hires/{newHireId}': {
    params: { newHireId: string }
    response: NewHire
  }
  'GET /smartonboard-api/v202205/onboarding-processes/{onboardingProcessId}': {
    params: { onboardingProcessId: string }
    response: OnboardingProcess
  }
  'GET /smartonboard-api/v202205/onboarding-processes/{onboardingProcessId}/assignments': {
    params: { onboardingProcessId: string }
    query: {
      integrationRelevant?: boolean | null | undefined
    }
    response: OnboardingAssignments
  }
  'GET /smartonboard-api/v202205/onboarding-processes/{onboardingProcessId}/assignments/{assignmentId}': {
    params: { onboardingProcessId: string; assignmentId: string }
    response: unknown
  }
  'GET /smartonboard-api/v202205/web-form-assignments/{webFormAssignmentId}/fields-metadata': {
    params: { webFormAssignmentId: string }
    response: WebFormFieldsMetadata
  }
  'GET /smartonboard-api/v202205/web-form-assignments/{webFormAssignmentId}/form-answers': {
    params: { webFormAssignmentId: string }
    response: WebFormAnswers
  }
  'POST /url-shortener/shorten': {
    json: unknown
    response: unknown
  }
  'GET /user-api/v201804/access-groups': {
    response: AccessGroups
    item: AccessGroup
  }
  'POST /user-api/v201804/access-groups/{accessGroupId}/users': {
    params: { accessGroupId: string }
    json: UserId[]
    response: AccessGroups
  }
  'DELETE /user-api/v201804/access-groups/{accessGroupId}/users/{id}': {
    params: { accessGroupId: string; id: string }
    response: undefined
  }
  'GET /user-api/v201804/system-roles': {
    response: SystemRoles
    item: SystemRole
  }
  'GET /user-api/v201804/users': {
    query: {
      q?: string | null | undefined
      limit?: number | null | undefined
      pageId?: string | null | undefined
      updatedAfter?: string | null | undefined
    }
    response: Users
    item: UserListItem
  }
  'POST /user-api/v201804/users': {
    json: NewUser
    response: UserEntity
  }
  'GET /user-api/v201804/users/me': {
    response: UserEntity
  }
  'GET /user-api/v201804/users/{id}': {
    params: { id: string }
    response: UserEntity
  }
  'PATCH /user-api/v201804/users/{id}': {
    params: { id: string }
    json: JSONPatch
    response: UserEntity
  }
  'PUT /user-api/v201804/users/{id}/activation': {
    params: { id: string }
    response: undefined
  }
  'DELETE /user-api/v201804/users/{id}/activation': {
    params: { id: string }
    response: undefined
  }
  'POST /user-api/v201804/users/{id}/activation-email': {
    params: { id: string }
    response: undefined
  }
  'PUT /user-api/v201804/users/{id}/avatar': {
    params: { id: string }
    form: FormData
    response: undefined
  }
  'POST /user-api/v201804/users/{id}/reset-password': {
    params: { id: string }
    response: undefined
  }
  /** @deprecated Use `GET /user-api/v201804/users`. */
  'GET /users': {
    query: {
      q?: string | null | undefined
      limit?: number | null | undefined
      offset?: number | null | undefined
      updatedAfter?: string | null | undefined
    }
    response: LegacyUsers
    item: LegacyUserListItem
  }
  /** @deprecated Use `POST /user-api/v201804/users`. */
  'POST /users': {
    json: LegacyNewUser
    response: LegacyUserEntity
  }
  /** @deprecated Use `GET /user-api/v201804/users/me`. */
  'GET /users/me': {
    response: LegacyUserEntity
  }
  /** @deprecated Use `GET /user-api/v201804/users/{id}`. */
  'GET /users/{id}': {
    params: { id: string }
    response: LegacyUserEntity
  }
  /** @deprecated Use `PATCH /user-api/v201804/users/{id}`. */
  'PATCH /users/{id}': {
    params: { id: string }
    json: JSONPatch
    response: LegacyUserEntity
  }
  /** @deprecated */
  'DELETE /users/{id}': {
    params: { id: string }
    response: undefined
  }
  /** @deprecated Use `PUT /user-api/v201804/users/{id}/activation`. */
  'PUT /users/{id}/activation': {
    params: { id: string }
    response: undefined
  }
  /** @deprecated Use `DELETE /user-api/v201804/users/{id}/activation`. */
  'DELETE /users/{id}/activation': {
    params: { id: string }
    response: undefined
  }
  /** @deprecated Use `POST /user-api/v201804/users/{id}/activation-email`. */
  'POST /users/{id}/activation-email': {
    params: { id: string }
    response: undefined
  }
  /** @deprecated Use `PUT /user-api/v201804/users/{id}/avatar`. */
  'PUT /users/{id}/avatar': {
    params: { id: string }
    form: FormData
    response: undefined
  }
  'GET /v1/companies/{companyIdentifier}/departments': {
    params: { companyIdentifier: string }
    response: Departments
    item: Department
  }
  'GET /v1/companies/{companyIdentifier}/postings': {
    params: { companyIdentifier: string }
    query: {
      q?: string | null | undefined
      limit?: number | null | undefined
      offset?: number | null | undefined
      destination?: 'PUBLIC' | 'INTERNAL' | 'INTERNAL_OR_PUBLIC' | (string & {}) | null | undefined
      locationType?:
        | 'REMOTE'
        | 'HYBRID'
        | 'ONSITE'
        | 'ANY'
        | (string & {})
        | readonly ('REMOTE' | 'HYBRID' | 'ONSITE' | 'ANY' | (string & {}))[]
        | null
        | undefined
      country?: string | null | undefined
      region?: string | null | undefined
      city?: string | null | undefined
      department?: string | null | undefined
      jobAdId?: string | null | undefined
      language?: JobAdLanguageCode | readonly JobAdLanguageCode[] | null | undefined
      releasedAfter?: string | null | undefined
      customField?: string | number | boolean | null | undefined
    }
    response: PostingList
    item: PostingItem
  }
  'GET /v1/companies/{companyIdentifier}/postings/{postingId}': {
    params: { companyIdentifier: string; postingId: string }
    query: {
      sourceTypeId?: string | null | undefined
      sourceSubTypeId?: string | null | undefined
      sourceId?: string | null | undefined
    }
    response: Posting
  }
  /** @deprecated */
  'GET /v1/configs': {
    response: VendorConfigs
    item: VendorConfig
  }
  /** @deprecated */
  'POST /v1/configs': {
    json: VendorConfig
    response: VendorConfig
  }
  /** @deprecated */
  'GET /v1/configs/{configId}': {
    params: { configId: string }
    response: VendorConfig
  }
  /** @deprecated */
  'POST /v1/configs/{configId}': {
    params: { configId: string }
    json: VendorConfig
    response: VendorConfig
  }
  /** @deprecated */
  'GET /v1/offers': {
    query: {
      limit?: number | null | undefined
      offset?: number | null | undefined
      status?: string | null | undefined
      q?: string | null | undefined
      postingId?: string | null | undefined
    }
    response: VendorOffers
    item: VendorOffer
  }
  'GET /webhooks-api/v201907/subscriptions': {
    query: {
      page_id?: string | null | undefined
      limit?: number | null | undefined
    }
    response: SubscriptionDetails[]
    item: SubscriptionDetails
  }
  'POST /webhooks-api/v201907/subscriptions': {
    json: SubscriptionRequest
    response: SubscriptionDetails
  }
  'GET /webhooks-api/v201907/subscriptions/{id}': {
    params: { id: string }
    response: SubscriptionDetails
  }
  'DELETE /webhooks-api/v201907/subscriptions/{id}': {
    params: { id: string }
    response: undefined
  }
  'PUT /webhooks-api/v201907/subscriptions/{id}/activation': {
    params: { id: string }
    response: undefined
  }
  'GET /webhooks-api/v201907/subscriptions/{id}/callbacks-log': {
    params: { id: string }
    query: {
      page_id?: string | null | undefined
      limit?: number | null | undefined
      callbackStatus?: 'successful' | 'failed' | (string & {}) | null | undefined
      after?: string | null | undefined
      before?: string | null | undefined
    }
    response: CallbackRequest[]
    item: CallbackRequest
  }
  'GET /webhooks-api/v201907/subscriptions/{id}/secret-key': {
    params: { id: string }
    response: SecretKey
  }
  'POST /webhooks-api/v201907/subscriptions/{id}/secret-key': {
    params: { id: string }
    response: SecretKey
  }
}

/**
 * An object of the API. It may have fields that these types do not list: they are `unknown`. Fields that the API may
 * leave out are optional.
 */
export interface ApiObject {
  [field: string]: unknown
}

export interface AccessGroup extends ApiObject {
  id?: string | undefined
  name?: string | undefined
}

export interface AccessGroupCriterion extends ApiObject {
  all?: boolean | undefined
  values?: unknown[] | undefined
}

export interface AccessGroupInput extends ApiObject {
  name: string
  description: string
  criteria: AccessGroupInputCriteria
}

export interface AccessGroupInputCriteria extends ApiObject {
  include: { [key: string]: AccessGroupCriterion }
}

export interface AccessGroups extends ApiObject {
  content?: AccessGroup[] | undefined
}

export interface Action extends ApiObject {
  url: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'OPTIONS' | 'DELETE' | 'HEAD' | 'CONNECT' | (string & {})
}

export type Actions = { [key: string]: Action }

export interface ActivityAssignment extends ApiObject {
  id: string
  title: string
  description: string
  isFileUploadRequired: boolean
  hasSensitiveData: boolean
  isHighPriority: boolean
}

export interface ActivityAssignmentAttachments extends ApiObject {
  attachmentIds: string[]
}

export interface AnswerField extends ApiObject {
  id: string
  label?: string | undefined
  values: FieldValue[]
}

export interface AnswerRecord extends ApiObject {
  fields: AnswerField[]
}

export interface ApiErrorItem extends ApiObject {
  code: string
  message?: string | undefined
}

export interface Application extends ApiObject {
  status?: CandidateStatusValue | undefined
  subStatus?: string | undefined
  startsOn?: string | undefined
  source?: string | undefined
  reasonOfRejection?: Property | undefined
  reasonOfWithdrawal?: Property | undefined
  actions?: AssignmentActions | undefined
  applicationId?: string | undefined
  url?: string | undefined
}

export interface ApplicationAttachment extends ApiObject {
  id: string
  name: string
  type: string
  contentType: string
  actions?: ApplicationAttachmentActions | undefined
}

export interface ApplicationAttachmentActions extends ApiObject {
  download: Action
  remove: Action
}

export interface ApplicationAttachments extends ApiObject {
  totalFound: number
  content: ApplicationAttachment[]
}

export interface ApplicationStatusInfo extends ApiObject {
  status?:
    | 'NEW'
    | 'IN_REVIEW'
    | 'INTERVIEW'
    | 'OFFER'
    | 'HIRE'
    | 'REJECTED'
    | 'WITHDRAWN'
    | 'LEAD'
    | 'TRANSFERRED'
    | 'OTHER'
    | (string & {})
    | undefined
}

export interface ApplyApiError extends ApiObject {
  id: string
  code:
    | 'INVALID_REQUEST'
    | 'INVALID_INPUT'
    | 'DATA_VALIDATION_ERROR'
    | 'RESOURCE_NOT_FOUND_ERROR'
    | 'COMPANY_NOT_FOUND_ERROR'
    | 'COMPANY_RETRIEVAL_ERROR'
    | 'APPLY_API_ERROR'
    | 'FILE_UPLOAD_ERROR'
    | 'FILE_API_ERROR'
    | 'INVALID_API_KEY_ERROR'
    | 'UNAUTHORIZED'
    | 'REST_CALL_TIMEOUT'
    | 'TRAFFIC_LOCKED'
    | (string & {})
  message?: string | undefined
}

export interface ApplyApiRequest extends ApiObject {
  firstName: string
  lastName: string
  email: string
  createJoinLink?: boolean | undefined
  conditionalsIncluded?: boolean | undefined
  phoneNumber?: string | undefined
  location?: ApplyLocation | undefined
  web?: ApplyWeb | undefined
  tags?: string[] | undefined
  education?: ApplyEducation[] | undefined
  experience?: ApplyEmployment[] | undefined
  sourceDetails?: ApplySourceDetails | undefined
  resume?: ApplyAttachment | undefined
  avatar?: ApplyAttachment | undefined
  attachments?: ApplyAttachment[] | undefined
  answers?: ScreeningQuestionAnswer[] | undefined
  messageToHiringManager?: string | undefined
  consent?: boolean | undefined
  consentDecisions?: { [key: string]: boolean } | undefined
  internal?: boolean | undefined
}

export interface ApplyApiResponse extends ApiObject {
  id?: string | undefined
  createdOn?: string | undefined
  candidatePortalUrl?: string | undefined
  smartrJoinUrl?: string | undefined
}

export interface ApplyAttachment extends ApiObject {
  fileName?: string | undefined
  mimeType?: string | undefined
  fileContent?: string | undefined
}

export interface ApplyConfiguration extends ApiObject {
  questions: ScreeningQuestion[]
  settings: ApplyConfigurationSettings
  privacyPolicies?: PrivacyPolicy[] | undefined
}

export interface ApplyConfigurationSettings extends ApiObject {
  avatarUploadAvailable?: boolean | undefined
}

export interface ApplyEducation extends ApiObject {
  institution: string
  degree: string
  major?: string | undefined
  current?: boolean | undefined
  startDate?: string | undefined
  endDate?: string | undefined
  location?: string | undefined
  description?: string | undefined
}

export interface ApplyEmployment extends ApiObject {
  title: string
  company?: string | undefined
  current?: boolean | undefined
  startDate: string
  endDate?: string | undefined
  location?: string | undefined
  description?: string | undefined
}

export interface ApplyLocation extends ApiObject {
  country?: string | undefined
  countryCode?: string | undefined
  region?: string | undefined
  regionCode?: string | undefined
  city?: string | undefined
  lat?: number | undefined
  lng?: number | undefined
}

export interface ApplySourceDetails extends ApiObject {
  sourceTypeId: string
  sourceSubTypeId?: string | undefined
  sourceId: string
}

export interface ApplyWeb extends ApiObject {
  skype?: string | undefined
  linkedIn?: string | undefined
  facebook?: string | undefined
  twitter?: string | undefined
  website?: string | undefined
}

export interface ApprovalComment extends ApiObject {
  content?: string | undefined
  authorId?: string | undefined
  createdOn?: string | undefined
}

export interface ApprovalCommentInput extends ApiObject {
  content: string
  authorId: string
}

export interface ApprovalComments extends ApiObject {
  content?: ApprovalComment[] | undefined
}

export type ApprovalDecisionMode = 'any' | 'all' | (string & {})

export interface ApprovalRequest extends ApiObject {
  id?: string | undefined
  subject?: ApprovalRequestSubject | undefined
  type?: ApprovalType | undefined
  decisionMode?: ApprovalDecisionMode | undefined
  status?: 'PENDING' | 'APPROVED' | 'REJECTED' | 'ABANDONED' | (string & {}) | undefined
  steps?: ApprovalStep[] | undefined
}

export interface ApprovalRequestInput extends ApiObject {
  baseId: string
  type: ApprovalType
  decisionMode: ApprovalDecisionMode
  steps: ApprovalStepInput[]
}

export interface ApprovalRequestSubject extends ApiObject {
  id?: string | undefined
  type?: 'job' | 'offer' | (string & {}) | undefined
}

export interface ApprovalRequests extends ApiObject {
  content?: ApprovalRequest[] | undefined
}

export interface ApprovalStep extends ApiObject {
  status?: 'PENDING' | 'APPROVED' | 'REJECTED' | 'SKIPPED' | (string & {}) | undefined
  approvers?: Approver[] | undefined
}

export interface ApprovalStepInput extends ApiObject {
  approvers?: ApproverInput[] | undefined
}

export type ApprovalType = 'sequential' | 'parallel' | (string & {})

export interface ApproveDecision extends ApiObject {
  approverId: string
}

export interface Approver extends ApiObject {
  id?: string | undefined
  decision?: 'PENDING' | 'APPROVED' | 'REJECTED' | 'SKIPPED' | (string & {}) | undefined
  decidedOn?: string | undefined
}

export interface ApproverInput extends ApiObject {
  id?: string | undefined
}

export interface Assessment extends ApiObject {
  id: string
  name?: string | undefined
  description: string
  type: AssessmentType
}

export interface AssessmentAttachment extends ApiObject {
  type?: 'VIDEO_URL' | 'PDF_URL' | 'OTHER_URL' | (string & {}) | undefined
  url?: string | undefined
  name?: string | undefined
}

export interface AssessmentCandidate extends ApiObject {
  id?: string | undefined
  email?: string | undefined
  firstName?: string | undefined
  lastName?: string | undefined
  applicationLanguage?: string | undefined
}

export interface AssessmentJob extends ApiObject {
  id: string
  title?: string | undefined
}

export interface AssessmentOrder extends ApiObject {
  applicationId?: string | undefined
  orderId?: string | undefined
  assessmentPackageName?: string | undefined
  assessmentPackageDate?: string | undefined
  submissionDate?: string | undefined
  status?: string | undefined
  score?: string | undefined
  scoreLabel?: string | undefined
  summary?: string | undefined
  description?: string | undefined
  attachments?: AssessmentAttachment[] | undefined
  assessments?: AssessmentOrderResult[] | undefined
}

export interface AssessmentOrderResult extends ApiObject {
  assessmentId: string
  assessmentName?: string | undefined
  assessmentDate?: string | undefined
  submissionDate?: string | undefined
  status?: string | undefined
  score?: string | undefined
  scoreLabel?: string | undefined
  summary?: string | undefined
  attachments?: AssessmentAttachment[] | undefined
}

export interface AssessmentPackage extends ApiObject {
  id: string
  name: string
  description: string
  type: AssessmentType
  assessments: Assessment[]
}

export interface AssessmentPackageOrderRequest extends ApiObject {
  assessmentPackageId: string
  candidate: AssessmentCandidate
  companyId: string
  job: AssessmentJob
  jobId: string
  requester?: AssessmentPackageOrderRequestRequester | undefined
  resultCallbackURL: string
  fields?: { [key: string]: string } | undefined
}

export interface AssessmentPackageOrderRequestRequester extends ApiObject {
  email: string
  userId: string
}

export interface AssessmentResult extends ApiObject {
  assessmentId: string
  name?: string | undefined
  summary?: string | undefined
  assessmentDate?: string | undefined
  submissionDate?: string | undefined
  status?: AssessmentResultStatus | undefined
  score?: Score | undefined
  scoreLabel?: string | undefined
  attachments?: AssessmentAttachment[] | undefined
}

export type AssessmentResultStatus = 'IN_PROGRESS' | 'PENDING' | 'COMPLETED' | 'REJECTED' | 'EXPIRED' | (string & {})

export type AssessmentType =
  | 'VIDEO_INTERVIEW'
  | 'BEHAVIORAL_ASSESSMENT'
  | 'BACKGROUND_CHECK'
  | 'REFERENCE_CHECK'
  | 'SKILL_TEST'
  | 'INLINE_ASSESSMENT'
  | (string & {})

export interface Assignment extends ApiObject {
  status?: CandidateStatusValue | undefined
  subStatus?: string | undefined
  startsOn?: string | undefined
  source?: string | undefined
  reasonOfRejection?: Property | undefined
  reasonOfWithdrawal?: Property | undefined
  actions?: AssignmentActions | undefined
}

export interface AssignmentActions extends ApiObject {
  sourceDetails?: Action | undefined
}

export interface AttachmentResult extends ApiObject {
  url: string
}

export interface AttachmentUpload extends ApiObject {
  attachmentType: 'GENERIC_FILE' | 'RESUME' | 'COVER_LETTER' | (string & {})
  file?: Blob | undefined
}

export interface AttendeeStatus extends ApiObject {
  status: AttendeeStatusValue
}

export type AttendeeStatusValue = 'accepted' | 'declined' | 'pending' | 'tentative' | (string & {})

export interface AuditEvent extends ApiObject {
  id?: string | undefined
  eventName?: string | undefined
  eventDate?: string | undefined
  authorType?: 'USER' | 'SUPPORT_USER' | 'SYSTEM' | 'CANDIDATE' | (string & {}) | undefined
  authorId?: string | undefined
  entityType?:
    | 'USER'
    | 'CANDIDATE'
    | 'APPLICATION'
    | 'OFFER'
    | 'JOB'
    | 'COMPANY'
    | 'JOB_PROPERTY'
    | 'JOB_AD'
    | 'CREDENTIAL'
    | 'REPORT_FILE'
    | 'ONBOARDING_PROCESS'
    | 'HIRING_TEAM_ROLE'
    | (string & {})
    | undefined
  entityId?: string | undefined
  context?: AuditEventContext | undefined
}

export interface AuditEventContext extends ApiObject {
  authenticationType?: 'PASSWORD' | 'API_KEY' | 'WEB_SSO' | 'AUTH_TOKEN' | 'SUPPORT_ACCESS' | (string & {}) | undefined
  currentRole?: UserRole | undefined
  previousRole?: UserRole | undefined
  officeName?: string | undefined
}

export type AuditEventName =
  | 'USER_ACCOUNT_ACTIVATED'
  | 'USER_ACCOUNT_CREATED'
  | 'USER_ACCOUNT_DEACTIVATED'
  | 'USER_ACCOUNT_UPDATED'
  | 'USER_AUTHENTICATION_INVALID_CREDENTIALS'
  | 'USER_AUTHENTICATION_SUCCESS'
  | 'USER_PASSWORD_CHANGED'
  | 'USER_PASSWORD_RESET'
  | 'USER_ROLE_CHANGED'
  | 'USER_API_KEY_RENEWED'
  | 'USER_LOGOUT'
  | 'CREDENTIALS_CREATED'
  | 'CREDENTIALS_CHANGED'
  | 'CREDENTIALS_REVOKED'
  | 'SEARCH'
  | 'CANDIDATE_PERSONAL_DATA_MODIFIED'
  | 'CANDIDATE_PROFILE_MODIFIED'
  | 'CANDIDATE_DELETED'
  | 'CANDIDATE_PROFILE_OPENED'
  | 'CANDIDATE_PROFILE_UPDATED_DUE_TO_MERGE'
  | 'CANDIDATE_DELETED_DUE_TO_MERGE'
  | 'CANDIDATE_TAGS_MODIFIED'
  | 'APPLICATION_PROPERTIES_UPDATED'
  | 'APPLICATION_SOURCE_MODIFIED'
  | 'ONBOARDING_STATUS_UPDATED'
  | 'JOB_APPLICATION_CREATED'
  | 'JOB_APPLICATION_STATE_MODIFIED'
  | 'JOB_DELETED'
  | 'HIRING_TEAM_MEMBER_ADDED'
  | 'HIRING_TEAM_MEMBER_REMOVED'
  | 'HIRING_TEAM_ROLE_UPDATED'
  | 'APPROVAL_DELEGATION_FROM_USER_CREATED'
  | 'APPROVAL_DELEGATION_FROM_USER_CANCELLED'
  | 'APPROVAL_DELEGATION_TO_USER_CREATED'
  | 'APPROVAL_DELEGATION_TO_USER_CANCELLED'
  | 'JOB_APPROVAL_REQUESTED'
  | 'JOB_APPROVAL_APPROVED'
  | 'JOB_APPROVAL_REJECTED'
  | 'JOB_APPROVAL_ABANDONED'
  | 'JOB_APPROVAL_STEP_APPROVED'
  | 'JOB_APPROVAL_STEP_REJECTED'
  | 'JOB_APPROVAL_STEP_SKIPPED'
  | 'JOB_APPROVAL_STEP_DELEGATED'
  | 'OFFER_APPROVAL_APPROVED'
  | 'OFFER_APPROVAL_REJECTED'
  | 'OFFER_APPROVAL_ABANDONED'
  | 'OFFER_APPROVAL_STEP_APPROVED'
  | 'OFFER_APPROVAL_STEP_REJECTED'
  | 'OFFER_APPROVAL_STEP_SKIPPED'
  | 'OFFER_APPROVAL_STEP_DELEGATED'
  | 'OFFER_ACCEPTED'
  | 'OFFER_DECLINED'
  | 'CANDIDATE_EEO_FILLED'
  | 'LRSC_CONSENT_GIVEN'
  | 'OAUTH_APPLICATION_ACCESS_GRANTED'
  | 'JOB_PROPERTY_CREATED'
  | 'JOB_PROPERTY_UPDATED'
  | 'JOB_PROPERTY_ACTIVATED'
  | 'JOB_PROPERTY_DEACTIVATED'
  | 'JOB_PROPERTY_UPDATED_VALUES'
  | 'JOB_PROPERTY_UPDATED_VALUE'
  | 'JOB_PROPERTY_ADDED_VALUE'
  | 'JOB_PROPERTY_ARCHIVED_VALUE'
  | 'JOB_PROPERTY_DEPENDENT_PROPERTIES_UPDATED'
  | 'JOB_PROPERTY_DEPENDENT_VALUES_UPDATED'
  | 'JOB_PROPERTY_DEPENDENT_VALUES_MODIFIED'
  | 'JOB_PROPERTIES_CHANGED'
  | 'POSITION_UPDATED'
  | 'POSITION_DELETED'
  | 'POSITION_CREATED'
  | 'POSITION_ASSIGNED'
  | 'CANCEL_NOT_FILLED_POSITION'
  | 'JOB_AD_CREATED'
  | 'JOB_AD_UPDATED'
  | 'JOB_AD_DELETED'
  | 'ONBOARDING_PROCESS_DELETED'
  | 'CUSTOMER_REPORT_DOWNLOADED'
  | 'COMPANY_HIRING_TEAM_ROLE_CREATED'
  | 'COMPANY_HIRING_TEAM_ROLE_UPDATED'
  | 'COMPANY_HIRING_TEAM_ROLE_DELETED'
  | 'COMPANY_HIRING_TEAM_ROLE_ACTIVATION_CHANGED'
  | 'EMPLOYEE_FLAG_SET'
  | 'EMPLOYEE_FLAG_REMOVED'
  | 'EMPLOYEE_BADGE_ASSIGNED'
  | 'EMPLOYEE_BADGE_REMOVED'
  | 'WEB_SSO_CONFIGURATION_UPDATED'
  | (string & {})

export interface AuditEvents extends ApiObject {
  nextPageId?: string | undefined
  limit?: number | undefined
  content?: AuditEvent[] | undefined
}

export interface AvatarUpload extends ApiObject {
  file: Blob
}

export interface CallbackRequest extends ApiObject {
  status?: 'successful' | 'failed' | (string & {}) | undefined
  timestamp?: string | undefined
  requestDetails?: CallbackRequestRequestDetails | undefined
}

export interface CallbackRequestRequestDetails extends ApiObject {
  url?: string | undefined
  body?: string | undefined
  headers?: { [key: string]: unknown } | undefined
}

export interface Candidate extends ApiObject {
  id: string
  internal: boolean
  firstName: string
  lastName: string
  email?: string | undefined
  createdOn: string
  updatedOn?: string | undefined
  location?: CandidateLocation | undefined
  averageRating?: number | undefined
  tags?: string[] | undefined
  consent?: CandidateConsent | undefined
  primaryAssignment?: CandidatePrimaryAssignment | undefined
  secondaryAssignments?: CandidateSecondaryAssignment[] | undefined
  actions: CandidateActions
}

export interface CandidateActions extends ApiObject {
  details: Action
  properties: Action
}

export interface CandidateAttachment extends ApiObject {
  id: string
  name?: string | undefined
  contentType?: string | undefined
  actions: CandidateAttachmentActions
}

export interface CandidateAttachmentActions extends ApiObject {
  download: Action
}

export interface CandidateAttachments extends ApiObject {
  totalFound: number
  content: CandidateAttachment[]
}

export interface CandidateConsent extends ApiObject {
  status?: ConsentStatus | undefined
}

export interface CandidateConsentStatus extends ApiObject {
  date?: string | undefined
  status: ConsentStatus
}

export interface CandidateDetails extends ApiObject {
  id?: string | undefined
  internal?: boolean | undefined
  firstName?: string | undefined
  lastName?: string | undefined
  email?: string | undefined
  phoneNumber?: string | undefined
  location?: CandidateLocation | undefined
  web?: WebProfile | undefined
  createdOn?: string | undefined
  updatedOn?: string | undefined
  averageRating?: number | undefined
  tags?: string[] | undefined
  education?: Education[] | undefined
  experience?: Experience[] | undefined
  primaryAssignment?: JobAssignment | undefined
  secondaryAssignments?: JobAssignment[] | undefined
  actions?: CandidateDetailsActions | undefined
}

export interface CandidateDetailsActions extends ApiObject {
  properties: Action
  attachments?: Action | undefined
  consent?: Action | undefined
  consents?: Action | undefined
}

export interface CandidateInput extends ApiObject {
  firstName: string
  lastName: string
  email: string
  phoneNumber?: string | undefined
  location?: CandidateLocation | undefined
  web?: WebProfile | undefined
  tags?: string[] | undefined
  education?: Education[] | undefined
  experience?: Experience[] | undefined
  sourceDetails?: CandidateSource | undefined
  internal?: boolean | undefined
}

export interface CandidateLocation extends ApiObject {
  country?: string | undefined
  countryCode?: string | undefined
  regionCode?: string | undefined
  region?: string | undefined
  city?: string | undefined
  lat?: number | undefined
  lng?: number | undefined
}

export interface CandidatePrimaryAssignment extends ApiObject {
  job: CandidatePrimaryAssignmentJob
  status: CandidateStatusValue
  subStatus?: string | undefined
}

export interface CandidatePrimaryAssignmentJob extends ApiObject {
  id: string
  title: string
  actions: CandidatePrimaryAssignmentJobActions
}

export interface CandidatePrimaryAssignmentJobActions extends ApiObject {
  details: Action
}

export interface CandidateProperties extends ApiObject {
  content?: CandidateProperty[] | undefined
}

export interface CandidateProperty extends ApiObject {
  id: string
  label: string
  type: CandidatePropertyType
  value: unknown
  valueLabel?: string | undefined
  actions: CandidatePropertyActions
}

export interface CandidatePropertyActions extends ApiObject {
  configuration: Action
}

export interface CandidatePropertyAvailability extends ApiObject {
  toUsers?: 'ALL' | 'FULL_ACCESS' | (string & {}) | undefined
  context?: ('HIRE_FORM' | 'OFFER_FORM' | 'PROFILE' | 'OFFER_APPROVAL_FORM' | (string & {}))[] | undefined
  forOrgFields?: CandidatePropertyFilter[] | undefined
}

export interface CandidatePropertyDefinition extends ApiObject {
  id?: string | undefined
  label?: string | undefined
  type?: CandidatePropertyType | undefined
  availability?: CandidatePropertyAvailability | undefined
  actions?: Actions | undefined
}

export interface CandidatePropertyDefinitionList extends ApiObject {
  totalFound?: number | undefined
  content?: CandidatePropertyDefinition[] | undefined
}

export interface CandidatePropertyFilter extends ApiObject {
  id?: string | undefined
  values?: CandidatePropertyFilterValues | undefined
  actions?: Actions | undefined
}

export interface CandidatePropertyFilterValues extends ApiObject {
  all?: boolean | undefined
  content?: string[] | undefined
}

export interface CandidatePropertyInputValue extends ApiObject {
  value?: unknown
}

export interface CandidatePropertyOption extends ApiObject {
  id?: string | undefined
  label: string
}

export interface CandidatePropertyOptionLabel extends ApiObject {
  label: string
}

export interface CandidatePropertyOptionList extends ApiObject {
  totalFound?: number | undefined
  content?: CandidatePropertyOption[] | undefined
}

export type CandidatePropertyType =
  | 'BOOLEAN'
  | 'COUNTRY'
  | 'CURRENCY'
  | 'DATE'
  | 'NUMBER'
  | 'PERCENT'
  | 'REGION'
  | 'TEXT'
  | 'USER'
  | 'SINGLE_SELECT'
  | (string & {})

export interface CandidatePropertyValueInput extends ApiObject {
  id: string
  value?: unknown
}

export interface CandidateSecondaryAssignment extends ApiObject {
  job: CandidateSecondaryAssignmentJob
}

export interface CandidateSecondaryAssignmentJob extends ApiObject {
  id: string
  actions: CandidateSecondaryAssignmentJobActions
}

export interface CandidateSecondaryAssignmentJobActions extends ApiObject {
  details: Action
}

export interface CandidateSource extends ApiObject {
  sourceTypeId: string
  sourceSubTypeId?: string | undefined
  sourceId: string
}

export interface CandidateStatus extends ApiObject {
  status: CandidateStatusValue
  subStatus?: string | undefined
  startsOn?: string | undefined
  reason?: string | undefined
}

export interface CandidateStatusChange extends ApiObject {
  changedOn?: string | undefined
  status?: CandidateStatusValue | undefined
  subStatus?: string | undefined
  actions?: Actions | undefined
}

export interface CandidateStatusHistory extends ApiObject {
  totalFound?: number | undefined
  content?: CandidateStatusChange[] | undefined
}

export type CandidateStatusValue =
  | 'LEAD'
  | 'NEW'
  | 'IN_REVIEW'
  | 'INTERVIEW'
  | 'OFFERED'
  | 'HIRED'
  | 'REJECTED'
  | 'WITHDRAWN'
  | 'TRANSFERRED'
  | (string & {})

export interface CandidateTags extends ApiObject {
  tags: string[]
}

export interface Candidates extends ApiObject {
  limit: number
  offset: number
  nextPageId?: string | undefined
  totalFound: number
  content: Candidate[]
}

export interface CompanyConfiguration extends ApiObject {
  identifier?: string | undefined
  name?: string | undefined
  location?: ConfigurationLocation | undefined
  website?: string | undefined
  industry?: Industry | undefined
  logo?: string | undefined
}

export interface CompanyCredentials extends ApiObject {
  clientId: string
  clientSecret: string
}

export interface Compensation extends ApiObject {
  min?: number | undefined
  max?: number | undefined
  currency?: string | undefined
}

export interface ConfigurationLocation extends ApiObject {
  country?: string | undefined
  countryCode?: string | undefined
  regionCode?: string | undefined
  region?: string | undefined
  city?: string | undefined
  address?: string | undefined
  postalCode?: string | undefined
  longitude?: string | undefined
  latitude?: string | undefined
}

export interface ConsentDecision extends ApiObject {
  status: 'acquired' | 'declined' | 'required' | (string & {})
  scope: 'Single' | 'SmartRecruit' | 'SmartCRM' | 'SmartMessage:SMS' | 'SmartMessage:WhatsApp' | (string & {})
  decidedOn?: string | undefined
}

export interface ConsentDecisions extends ApiObject {
  decisions: ConsentDecision[]
  recentPendingRequestCreatedOn?: string | undefined
}

export interface ConsentRequestBatch extends ApiObject {
  content: Identifiable[]
}

export interface ConsentRequestResult extends ApiObject {
  status: number
  body?: unknown
}

export interface ConsentRequestsResults extends ApiObject {
  results: ConsentRequestResult[]
}

export type ConsentStatus = 'REQUIRED' | 'PENDING' | 'ACQUIRED' | (string & {})

export interface CustomField extends ApiObject {
  fieldId?: string | undefined
  fieldLabel?: string | undefined
  valueId?: string | undefined
  valueLabel?: string | undefined
}

export interface Department extends ApiObject {
  id?: string | undefined
  label: string
  description?: string | undefined
}

export interface Departments extends ApiObject {
  totalFound?: number | undefined
  content?: Department[] | undefined
}

export interface DependentJobProperties extends ApiObject {
  totalFound: number
  content: DependentJobProperty[]
}

export interface DependentJobProperty extends ApiObject {
  id: string
  label: string
}

export interface DependentJobPropertyIds extends ApiObject {
  ids: string[]
}

export interface DependentJobPropertyValue extends ApiObject {
  id: string
  label: string
}

export interface DependentJobPropertyValues extends ApiObject {
  totalFound?: number | undefined
  content?: DependentJobPropertyValue[] | undefined
}

export interface DependentJobPropertyValuesRelation extends ApiObject {
  parent: Property
  values: Property[]
}

export interface DependentJobPropertyValuesRelations extends ApiObject {
  totalFound: number
  content: DependentJobPropertyValuesRelation[]
}

export interface Education extends ApiObject {
  institution?: string | undefined
  degree?: string | undefined
  major?: string | undefined
  current?: boolean | undefined
  startDate?: string | undefined
  endDate?: string | undefined
  location?: string | undefined
  description?: string | undefined
}

export interface ErrorResponse extends ApiObject {
  errors: ApiErrorItem[]
  message?: string | undefined
}

export interface Experience extends ApiObject {
  title?: string | undefined
  company?: string | undefined
  current?: boolean | undefined
  startDate?: string | undefined
  endDate?: string | undefined
  location?: string | undefined
  description?: string | undefined
}

export interface FeedDictionaryEntry extends ApiObject {
  id?: string | undefined
  label?: string | undefined
}

export interface FeedJobAd extends ApiObject {
  id?: string | undefined
  uuid?: string | undefined
  name?: string | undefined
  refNumber?: string | undefined
  status?: string | undefined
  jobAdUrl?: string | undefined
  liveUrl?: string | undefined
  applyUrl?: string | undefined
  comment?: string | undefined
  postedDate?: string | undefined
  location?: FeedJobAdLocation | undefined
  company?: FeedJobAdCompany | undefined
  brand?: FeedJobAdBrand | undefined
  creator?: FeedJobAdCreator | undefined
  budget?: FeedJobAdBudget | undefined
  compensation?: FeedJobAdCompensation | undefined
  industry?: FeedDictionaryEntry | undefined
  function?: FeedDictionaryEntry | undefined
  experienceLevel?: FeedDictionaryEntry | undefined
  typeOfEmployment?: FeedDictionaryEntry | undefined
  languageCode?: string | undefined
  jobAd?: FeedJobAdJobAd | undefined
}

export interface FeedJobAdBrand extends ApiObject {
  id?: string | undefined
  name?: string | undefined
  logo?: string | undefined
}

export interface FeedJobAdBudget extends ApiObject {
  programmatic?: FeedJobAdBudgetProgrammatic | undefined
}

export interface FeedJobAdBudgetProgrammatic extends ApiObject {
  price?: string | undefined
}

export interface FeedJobAdCompany extends ApiObject {
  cid?: string | undefined
  name?: string | undefined
  identifier?: string | undefined
}

export interface FeedJobAdCompensation extends ApiObject {
  minimum?: string | undefined
  maximum?: string | undefined
  currency?: string | undefined
}

export interface FeedJobAdCreator extends ApiObject {
  firstName?: string | undefined
  lastName?: string | undefined
  email?: string | undefined
}

export interface FeedJobAdJobAd extends ApiObject {
  companyDescription?: string | undefined
  jobDescription?: string | undefined
  qualifications?: string | undefined
  additionalInformation?: string | undefined
}

export interface FeedJobAdLocation extends ApiObject {
  city?: string | undefined
  region?: string | undefined
  regionCode?: string | undefined
  country?: string | undefined
  countryCode?: string | undefined
  address?: string | undefined
  zipCode?: string | undefined
  longitude?: string | undefined
  latitude?: string | undefined
  remote?: boolean | undefined
}

export interface FeedPublication extends ApiObject {
  Provider?: string | undefined
  offset?: string | undefined
  limit?: string | undefined
  totalFound?: string | undefined
  jobs?: FeedJobAd[] | undefined
}

export interface FieldValue extends ApiObject {
  id: string
  label: string
}

export interface FillablePdfFormAssignment extends ApiObject {
  id: string
  title: string
  description: string
  fileName: string
  hasSensitiveData: boolean
  isHighPriority: boolean
}

export interface HeadcountPatch extends ApiObject {
  salaryRange?: SalaryRange | undefined
}

export interface HeadcountUpdateAccepted extends ApiObject {
  status?: 'PENDING' | (string & {}) | undefined
}

export interface HiringProcess extends ApiObject {
  id?: string | undefined
  name?: string | undefined
  active?: boolean | undefined
  subStatuses?: HiringProcessSubStatuses | undefined
}

export interface HiringProcessSubStatuses extends ApiObject {
  IN_REVIEW?: string[] | undefined
  INTERVIEW?: string[] | undefined
  OFFERED?: string[] | undefined
}

export interface HiringProcesses extends ApiObject {
  totalFound: number
  content: HiringProcess[]
}

export interface HiringTeamMember extends ApiObject {
  id: string
  role: string
  actions?: HiringTeamMemberActions | undefined
}

export interface HiringTeamMemberActions extends ApiObject {
  details: Action
}

export interface HiringTeamMemberInput extends ApiObject {
  id: string
  role: string
}

export interface HiringTeamMembers extends ApiObject {
  totalFound?: number | undefined
  content?: HiringTeamMember[] | undefined
}

export type HiringTeamRole =
  | 'HIRING_MANAGER'
  | 'INTERVIEW_TEAM'
  | 'RECRUITER'
  | 'EXECUTIVE'
  | 'COORDINATOR'
  | (string & {})

export interface Identifiable extends ApiObject {
  id: string
}

export interface Industry extends ApiObject {
  id?: string | undefined
  label?: string | undefined
}

export interface InlineAssessmentPackageOrderRequest extends ApiObject {
  assessmentPackageId: string
  candidate: InlineAssessmentPackageOrderRequestCandidate
  companyId: string
  job: InlineAssessmentPackageOrderRequestJob
  jobId: string
  resultCallbackURL: string
  completedAssessmentCallbackUrl: string
  fields?: { [key: string]: string } | undefined
}

export interface InlineAssessmentPackageOrderRequestCandidate extends ApiObject {
  email: string
  firstName: string
  lastName: string
  applicationLanguage: string
}

export interface InlineAssessmentPackageOrderRequestJob extends ApiObject {
  id: string
}

export interface InlineAssessmentPackageResponse extends ApiObject {
  url?: string | undefined
}

export interface Interview extends ApiObject {
  id?: string | undefined
  candidate: InterviewCandidate
  jobId: string
  location?: string | undefined
  organizerId: UserId
  timezone: string
  timeslots: Timeslot[]
  createdOn?: string | undefined
  refUrl?: string | undefined
  source?: string | undefined
}

export interface InterviewCandidate extends ApiObject {
  id: string
  status?: AttendeeStatusValue | undefined
}

export type InterviewType = string

export interface InterviewUpdate extends ApiObject {
  location?: string | undefined
  timezone?: string | undefined
  candidate?: AttendeeStatus | undefined
}

export interface Interviewer extends ApiObject {
  id: UserId
  status: AttendeeStatusValue
}

export interface InterviewsList extends ApiObject {
  content?: Interview[] | undefined
}

export type JSONPatch = JSONPatchOperation[]

export interface JSONPatchOperation extends ApiObject {
  op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test' | (string & {})
  path: string
  value?: unknown
  from?: string | undefined
}

export interface Job extends ApiObject {
  id?: string | undefined
  title?: string | undefined
  refNumber?: string | undefined
  createdOn?: string | undefined
  updatedOn?: string | undefined
  lastActivityOn?: string | undefined
  department?: Department | undefined
  location?: JobLocation | undefined
  status?: JobStatus | undefined
  postingStatus?: PostingStatus | undefined
}

export interface JobAd extends ApiObject {
  sections?: JobAdSections | undefined
  language?: Language | undefined
}

export interface JobAdContent extends ApiObject {
  title: string
  language?: JobAdContentLanguage | undefined
  jobAd?: JobAdSections | undefined
}

export interface JobAdContentLanguage extends ApiObject {
  code: LanguageCode
}

export interface JobAdItem extends ApiObject {
  id: string
  title: string
  language: Language
  jobAd: JobAdSections
  createdOn: string
  updatedOn: string
  applyUrl?: string | undefined
  postingStatus: 'PUBLISHED' | 'NOT_PUBLISHED' | (string & {})
  default: boolean
  actions: JobAdItemActions
  creator: Identifiable
  visibility: 'PUBLIC' | 'INTERNAL' | 'PRIVATE' | (string & {})
}

export interface JobAdItemActions extends ApiObject {
  postings: Action
}

export type JobAdLanguageCode =
  | 'af'
  | 'am'
  | 'ar'
  | 'az'
  | 'bg'
  | 'bn'
  | 'ca'
  | 'cs'
  | 'cy'
  | 'da'
  | 'de'
  | 'el'
  | 'en'
  | 'en-GB'
  | 'es'
  | 'es-MX'
  | 'et'
  | 'eu'
  | 'fa'
  | 'fi'
  | 'fil'
  | 'fr'
  | 'fr-CA'
  | 'ga'
  | 'gl'
  | 'gu'
  | 'he'
  | 'hi'
  | 'hr'
  | 'hu'
  | 'hy'
  | 'id'
  | 'is'
  | 'it'
  | 'ja'
  | 'ka'
  | 'km'
  | 'kn'
  | 'ko'
  | 'lo'
  | 'lt'
  | 'lv'
  | 'ml'
  | 'mn'
  | 'mr'
  | 'ms'
  | 'ne'
  | 'nl'
  | 'no'
  | 'pl'
  | 'pt'
  | 'pt-BR'
  | 'ro'
  | 'ru'
  | 'si'
  | 'sk'
  | 'sl'
  | 'sr'
  | 'sv'
  | 'sw'
  | 'ta'
  | 'te'
  | 'tr'
  | 'uk'
  | 'ur'
  | 'vi'
  | 'zh-CN'
  | 'zh-TW'
  | 'zu'
  | (string & {})

export interface JobAdPublicationScheduled extends ApiObject {
  postingStatus?: 'PENDING' | (string & {}) | undefined
}

export interface JobAdSection extends ApiObject {
  title?: string | undefined
  text?: string | undefined
}

export interface JobAdSections extends ApiObject {
  companyDescription?: JobAdSection | undefined
  jobDescription?: JobAdSection | undefined
  qualifications?: JobAdSection | undefined
  additionalInformation?: JobAdSection | undefined
  videos?: JobAdVideos | undefined
}

export interface JobAdUnpublishScheduled extends ApiObject {
  unpostingStatus?: 'PENDING' | (string & {}) | undefined
}

export interface JobAdVideos extends ApiObject {
  urls?: string[] | undefined
}

export interface JobApplication extends ApiObject {
  status?: CandidateStatusValue | undefined
  subStatus?: string | undefined
  sourceIdentifier?: string | undefined
  createDate?: string | undefined
  profileId?: string | undefined
  jobId?: string | undefined
}

export interface JobApproval extends ApiObject {
  approvalRequestId?: string | undefined
  positions?: JobApprovalPosition[] | undefined
  salaryRange?: SalaryRange | undefined
}

export interface JobApprovalPosition extends ApiObject {
  id?: string | undefined
  positionId?: string | undefined
  type?: string | undefined
  incumbentName?: string | undefined
  positionOpenDate?: string | undefined
  targetStartDate?: string | undefined
  status?: string | undefined
}

export interface JobAssignment extends ApiObject {
  status?: CandidateStatusValue | undefined
  subStatus?: string | undefined
  startsOn?: string | undefined
  source?: string | undefined
  reasonOfRejection?: Property | undefined
  reasonOfWithdrawal?: Property | undefined
  actions?: AssignmentActions | undefined
  job?: JobAssignmentJob | undefined
}

export interface JobAssignmentJob extends ApiObject {
  id?: string | undefined
  title?: string | undefined
  actions?: JobAssignmentJobActions | undefined
}

export interface JobAssignmentJobActions extends ApiObject {
  details: Action
  positionDetails?: Action | undefined
}

export interface JobDetails extends ApiObject {
  id?: string | undefined
  title?: string | undefined
  refNumber?: string | undefined
  createdOn?: string | undefined
  updatedOn?: string | undefined
  lastActivityOn?: string | undefined
  department?: Department | undefined
  location?: JobLocation | undefined
  status?: JobStatus | undefined
  postingStatus?: PostingStatus | undefined
  targetHiringDate?: string | undefined
  industry?: Property | undefined
  function?: Property | undefined
  typeOfEmployment?: Property | undefined
  experienceLevel?: Property | undefined
  eeoCategory?: Property | undefined
  template?: boolean | undefined
  creator?: UserIdentity | undefined
  compensation?: Compensation | undefined
  jobAd?: JobAd | undefined
  properties?: JobProperty[] | undefined
  actions?: JobDetailsActions | undefined
}

export interface JobDetailsActions extends ApiObject {
  hiringTeam?: Action | undefined
  publications?: Action | undefined
  positions?: Action | undefined
  applyOnWeb?: Action | undefined
  details?: Action | undefined
}

export interface JobInput extends ApiObject {
  title: string
  refNumber?: string | undefined
  targetHiringDate?: string | undefined
  department?: Identifiable | undefined
  location: JobLocationInput
  industry: Identifiable
  function: Identifiable
  typeOfEmployment?: Identifiable | undefined
  experienceLevel: Identifiable
  eeoCategory?: Identifiable | undefined
  template?: boolean | undefined
  compensation?: Compensation | undefined
  jobAd?: JobAd | undefined
  properties?: JobPropertyInput[] | undefined
}

export interface JobLocation extends ApiObject {
  country?: string | undefined
  countryCode: string
  regionCode?: string | undefined
  region?: string | undefined
  city: string
  address?: string | undefined
  postalCode?: string | undefined
  longitude?: string | undefined
  latitude?: string | undefined
  manual?: boolean | undefined
  remote?: boolean | undefined
}

export interface JobLocationInput extends ApiObject {
  countryCode: string
  regionCode?: string | undefined
  region?: string | undefined
  address?: string | undefined
  postalCode?: string | undefined
  city: string
  remote?: boolean | undefined
}

export interface JobNote extends ApiObject {
  content: string
}

export interface JobPosition extends ApiObject {
  id: string
  positionId?: string | undefined
  type?: string | undefined
  incumbentName?: string | undefined
  positionOpenDate?: string | undefined
  targetStartDate?: string | undefined
  status?: string | undefined
}

export interface JobPositionInput extends ApiObject {
  positionId?: string | undefined
  incumbentName?: string | undefined
  type: 'NEW' | 'REPLACEMENT' | (string & {})
  positionOpenDate: string
  targetStartDate: string
}

export interface JobPositions extends ApiObject {
  totalFound: number
  content: JobPosition[]
}

export interface JobProperty extends ApiObject {
  id: string
  label?: string | undefined
  value: JobPropertyValue
}

export interface JobPropertyDefinition extends ApiObject {
  id?: string | undefined
  label: string
  category: 'job' | 'organization' | (string & {})
  active?: boolean | undefined
  visible: boolean
  required?: boolean | undefined
  actions?: Actions | undefined
}

export interface JobPropertyDefinitionInput extends ApiObject {
  label: string
  category: 'job' | 'organization' | (string & {})
  active?: boolean | undefined
  visible: boolean
  required?: boolean | undefined
}

export interface JobPropertyDefinitionList extends ApiObject {
  totalFound?: number | undefined
  content?: JobPropertyDefinition[] | undefined
}

export interface JobPropertyInput extends ApiObject {
  id: string
  value: JobPropertyValue
}

export interface JobPropertyValue extends ApiObject {
  id?: string | undefined
  label?: string | undefined
}

export interface JobPropertyValueDefinition extends ApiObject {
  id?: string | undefined
  label: string
  archived?: boolean | undefined
}

export interface JobPropertyValueDefinitionList extends ApiObject {
  totalFound?: number | undefined
  nextPageId?: string | undefined
  content?: JobPropertyValueDefinition[] | undefined
}

export type JobStatus =
  | 'CREATED'
  | 'SOURCING'
  | 'FILLED'
  | 'INTERVIEW'
  | 'OFFER'
  | 'CANCELLED'
  | 'ON_HOLD'
  | 'OTHER'
  | (string & {})

export interface JobStatusChange extends ApiObject {
  changedOn?: string | undefined
  status: JobStatus
  actions?: JobStatusChangeActions | undefined
}

export interface JobStatusChangeActions extends ApiObject {
  user: Action
}

export interface JobStatusHistory extends ApiObject {
  totalFound: number
  content: JobStatusChange[]
}

export interface JobStatusUpdate extends ApiObject {
  status: 'CREATED' | 'SOURCING' | 'FILLED' | 'INTERVIEW' | 'OFFER' | 'CANCELLED' | 'ON_HOLD' | (string & {})
}

export interface JobSummary extends ApiObject {
  id?: string | undefined
  title?: string | undefined
  refNumber?: string | undefined
  createdOn?: string | undefined
  updatedOn?: string | undefined
  lastActivityOn?: string | undefined
  department?: Department | undefined
  location?: JobLocation | undefined
  status?: JobStatus | undefined
  postingStatus?: PostingStatus | undefined
  language?: Language | undefined
  actions?: JobSummaryActions | undefined
}

export interface JobSummaryActions extends ApiObject {
  details: Action
}

export interface Jobs extends ApiObject {
  limit?: number | undefined
  offset?: number | undefined
  nextPageId?: string | undefined
  totalFound?: number | undefined
  content?: JobSummary[] | undefined
}

export interface LabelTranslation extends ApiObject {
  label: string
  language: LanguageCode
}

export interface Language extends ApiObject {
  code: string
  label?: string | undefined
  labelNative?: string | undefined
}

export type LanguageCode =
  | 'af'
  | 'am'
  | 'ar'
  | 'hy'
  | 'az'
  | 'eu'
  | 'bn'
  | 'bg'
  | 'ca'
  | 'zh-CN'
  | 'zh-TW'
  | 'hr'
  | 'cs'
  | 'da'
  | 'nl'
  | 'en-GB'
  | 'en'
  | 'et'
  | 'fi'
  | 'fr'
  | 'fr-CA'
  | 'gl'
  | 'ka'
  | 'de'
  | 'el'
  | 'gu'
  | 'he'
  | 'iw'
  | 'hi'
  | 'hu'
  | 'is'
  | 'id'
  | 'ga'
  | 'it'
  | 'ja'
  | 'kn'
  | 'km'
  | 'ko'
  | 'lo'
  | 'lv'
  | 'lt'
  | 'ms'
  | 'ml'
  | 'mr'
  | 'mn'
  | 'ne'
  | 'no'
  | 'fa'
  | 'fil'
  | 'pl'
  | 'pt'
  | 'pt-BR'
  | 'pt-PT'
  | 'ro'
  | 'ru'
  | 'sr'
  | 'si'
  | 'sk'
  | 'sl'
  | 'es'
  | 'es-MX'
  | 'sw'
  | 'sv'
  | 'ta'
  | 'te'
  | 'th'
  | 'tr'
  | 'uk'
  | 'ur'
  | 'vi'
  | 'cy'
  | 'zu'
  | (string & {})

export interface LegacyNewUser extends ApiObject {
  email?: string | undefined
  firstName: string
  lastName: string
  role: UserRole
  externalData?: string | undefined
  ssoIdentifier?: string | undefined
  ssoLoginMode?: 'SSO' | 'PASSWORD' | (string & {}) | undefined
  language?: LegacyUserLanguage | undefined
  password?: string | undefined
  location?: UserLocationInput | undefined
}

export interface LegacyUser extends ApiObject {
  email?: string | undefined
  firstName: string
  lastName: string
  role: UserRole
  externalData?: string | undefined
  ssoIdentifier?: string | undefined
  ssoLoginMode?: 'SSO' | 'PASSWORD' | (string & {}) | undefined
  language?: LegacyUserLanguage | undefined
}

export interface LegacyUserEntity extends ApiObject {
  email?: string | undefined
  firstName: string
  lastName: string
  role: UserRole
  externalData?: string | undefined
  ssoIdentifier?: string | undefined
  ssoLoginMode?: 'SSO' | 'PASSWORD' | (string & {}) | undefined
  language?: LegacyUserLanguage | undefined
  id?: string | undefined
  active?: boolean | undefined
  updatedOn?: string | undefined
  location?: UserLocation | undefined
}

export interface LegacyUserLanguage extends ApiObject {
  code: UserLanguageCode
}

export interface LegacyUserListItem extends ApiObject {
  email?: string | undefined
  firstName: string
  lastName: string
  role: UserRole
  externalData?: string | undefined
  ssoIdentifier?: string | undefined
  ssoLoginMode?: 'SSO' | 'PASSWORD' | (string & {}) | undefined
  language?: LegacyUserLanguage | undefined
  id?: string | undefined
  active?: boolean | undefined
  updatedOn?: string | undefined
}

export interface LegacyUsers extends ApiObject {
  limit?: number | undefined
  offset?: number | undefined
  totalFound?: number | undefined
  content?: LegacyUserListItem[] | undefined
}

export interface Message extends ApiObject {
  content: string
  correlationId?: string | undefined
  shareWith?: MessageShareWith | undefined
}

export interface MessageApplication extends ApiObject {
  candidateId?: string | undefined
  jobId?: string | undefined
}

export interface MessageDetails extends ApiObject {
  id?: string | undefined
  shareRequired?: boolean | undefined
}

export interface MessageShareWith extends ApiObject {
  users?: string[] | undefined
  hiringTeamOf?: string[] | undefined
  everyone?: boolean | undefined
  openNote?: boolean | undefined
}

export type MessageTemplateType =
  | 'INTERVIEW_INVITATION'
  | 'JOB_OFFER'
  | 'REJECTION'
  | 'NORMAL_MESSAGE'
  | 'NEW_APPLICANT_AUTO_RESPOND'
  | 'NEW_INTERNAL_APPLICANT_AUTO_RESPOND'
  | 'CAMPAIGN'
  | 'SELF_SCHEDULE'
  | 'NORMAL_PROSPECT_MESSAGE'
  | 'WORKFLOWS_EMAIL_TO_EMPLOYEE'
  | 'WORKFLOWS_EMAIL_TO_CANDIDATE'
  | 'GROUP_EVENT_INVITATION'
  | 'GROUP_EVENT_REMINDER'
  | 'SESSION_SELF_SCHEDULE_CONFIRMATION'
  | 'SESSION_MANUAL_SCHEDULE_CONFIRMATION'
  | 'GROUP_EVENT_CANCELLED'
  | 'SESSION_MANUAL_RESCHEDULE_CONFIRMATION'
  | 'SESSION_UPDATE'
  | 'AUTOMATED_SELF_SCHEDULE_INVITATION'
  | 'INTERVIEW_INVITATION_CANCEL_NOTIFICATION'
  | 'SELF_SCHEDULE_CANCEL_NOTIFICATION'
  | 'INTERVIEW_REMINDER'
  | 'INVITATION_TO_SELF_SCHEDULE_UPDATED'
  | 'REQUEST_SELF_RESCHEDULE'
  | 'AUTOMATED_GROUP_INTERVIEW_INVITATION'
  | 'AUTOMATED_GROUP_INTERVIEW_REMINDER'
  | 'AUTOMATED_GROUP_INTERVIEW_CONFIRMATION'
  | 'GROUP_EVENT_CONFIRMATION'
  | (string & {})

export interface MessageView extends ApiObject {
  content?: string | undefined
  createdOn?: string | undefined
  visibility?: MessageVisibility | undefined
  authorId?: string | undefined
  context?: MessageViewContext | undefined
}

export interface MessageViewContext extends ApiObject {
  applications?: MessageApplication[] | undefined
}

export type MessageVisibility = 'PRIVATE' | 'DIRECT' | 'OPEN' | 'EVERYONE' | (string & {})

export interface Money extends ApiObject {
  amount: number
  currencyCode?: string | undefined
}

export interface NewHire extends ApiObject {
  id: string
  firstName: string
  lastName: string
  email: string
  phone?: string | undefined
  socialMedia: NewHireSocialMedia
}

export interface NewHireSocialMedia extends ApiObject {
  skype?: string | undefined
  linkedIn?: string | undefined
  facebook?: string | undefined
  twitter?: string | undefined
  website?: string | undefined
  indeed?: string | undefined
}

export interface NewUser extends ApiObject {
  email?: string | undefined
  firstName: string
  lastName: string
  systemRole?: SystemRole | undefined
  externalData?: string | undefined
  ssoIdentifier?: string | undefined
  ssoLoginMode?: 'SSO' | 'PASSWORD' | (string & {}) | undefined
  language?: UserLanguage | undefined
  location?: UserLocationInput | undefined
}

export interface Offer extends ApiObject {
  id: string
  status:
    | 'CREATED'
    | 'PENDING_APPROVAL'
    | 'APPROVED'
    | 'NOT_APPROVED'
    | 'PENDING_ACCEPTANCE'
    | 'ACCEPTED'
    | 'NOT_ACCEPTED'
    | 'ABANDONED'
    | (string & {})
  createdOn: string
  updatedOn: string
  properties?: { [key: string]: string } | undefined
  actions: OfferActions
}

export interface OfferActions extends ApiObject {
  candidate: Action
  job?: Action | undefined
  details: Action
}

export interface OfferApproval extends ApiObject {
  approvalRequestId?: string | undefined
}

export interface OfferDocument extends ApiObject {
  id?: string | undefined
  name?: string | undefined
  createdDate?: string | undefined
}

export interface OfferDocuments extends ApiObject {
  documents?: OfferDocument[] | undefined
  isCurrentlySyncing?: boolean | undefined
  provider?: 'DOCUSIGN' | (string & {}) | undefined
}

export interface OfferPropertiesCategory extends ApiObject {
  id?: string | undefined
  properties?: OfferPropertyDefinition[] | undefined
}

export interface OfferPropertiesDefinition extends ApiObject {
  categories?: OfferPropertiesCategory[] | undefined
}

export interface OfferPropertyDefinition extends ApiObject {
  key?: string | undefined
  label?: string | undefined
  required?: boolean | undefined
  type?:
    | 'BOOLEAN'
    | 'COUNTRY'
    | 'CURRENCY'
    | 'DATE'
    | 'NUMBER'
    | 'PERCENT'
    | 'REGION'
    | 'TEXT'
    | 'USER'
    | 'SELECT'
    | (string & {})
    | undefined
}

export interface Offers extends ApiObject {
  limit?: number | undefined
  offset?: number | undefined
  totalFound: number
  content: Offer[]
}

export interface OnboardingAssignments extends ApiObject {
  activityAssignments: ActivityAssignment[]
  webFormAssignments: WebFormAssignment[]
  fillablePdfFormAssignments: FillablePdfFormAssignment[]
}

export interface OnboardingProcess extends ApiObject {
  id: string
  newHireId: string
  employmentStartDate?: string | undefined
  jobId: string
  applicationId: string
}

export interface OnboardingStatus extends ApiObject {
  onboardingStatus: 'READY_TO_ONBOARD' | 'ONBOARDING_SUCCESSFUL' | 'ONBOARDING_FAILED' | (string & {})
}

export interface OrderAttachmentUpload extends ApiObject {
  file?: Blob | undefined
}

export interface PackageResult extends ApiObject {
  name?: string | undefined
  summary?: string | undefined
  description?: string | undefined
  assessmentPackageDate?: string | undefined
  submissionDate?: string | undefined
  status?: AssessmentResultStatus | undefined
  score?: Score | undefined
  scoreLabel?: string | undefined
  attachments?: AssessmentAttachment[] | undefined
  assessmentResults?: AssessmentResult[] | undefined
}

export interface PartnerConfiguration extends ApiObject {
  consentUrl: string
  consentDisplayMode: 'REDIRECT' | 'POPUP' | (string & {})
  assessmentPackageListUrl: string
  singleAssessmentPackageUrl: string
  packageOrderUrl?: string | undefined
  inlineAssessmentPackageOrderUrl?: string | undefined
  oauthTokenUrl: string
  integrationDisableUrl?: string | undefined
  fields?: PartnerField[] | undefined
  supportedAssessmentTypes: AssessmentType[]
}

export interface PartnerConfigurationInput extends ApiObject {
  consentUrl: string
  consentDisplayMode: 'REDIRECT' | 'POPUP' | (string & {})
  assessmentPackageListUrl: string
  singleAssessmentPackageUrl: string
  packageOrderUrl?: string | undefined
  inlineAssessmentPackageOrderUrl?: string | undefined
  oauthTokenUrl: string
  integrationDisableUrl?: string | undefined
  fields?: PartnerFieldInput[] | undefined
  supportedAssessmentTypes: AssessmentType[]
}

export interface PartnerField extends ApiObject {
  id?: string | undefined
  name?: string | undefined
  description?: string | undefined
}

export interface PartnerFieldInput extends ApiObject {
  id: string
  name: string
  description: string
}

export interface PartnerToken extends ApiObject {
  access_token: string
  expires_in: number
}

export interface PartnerTokenError extends ApiObject {
  error: string
  error_description?: string | undefined
}

export interface PartnerTokenRequest extends ApiObject {
  grant_type: 'client_credentials' | (string & {})
  client_id: string
  client_secret: string
}

export interface PersonalDetails extends ApiObject {
  firstName?: string | undefined
  lastName?: string | undefined
  email?: string | undefined
  phoneNumber?: string | undefined
  location?: CandidateLocation | undefined
  web?: WebProfile | undefined
}

export interface Posting extends ApiObject {
  id?: string | undefined
  uuid?: string | undefined
  name?: string | undefined
  jobId?: string | undefined
  jobAdId?: string | undefined
  defaultJobAd?: boolean | undefined
  applyUrl?: string | undefined
  postingUrl?: string | undefined
  referralUrl?: string | undefined
  refNumber?: string | undefined
  company?: PostingCompany | undefined
  releasedDate?: string | undefined
  location?: PostingLocation | undefined
  industry?: Industry | undefined
  department?: Department | undefined
  function?: PostingFunction | undefined
  typeOfEmployment?: PostingFunction | undefined
  experienceLevel?: PostingExperienceLevel | undefined
  customField?: CustomField[] | undefined
  ref?: string | undefined
  creator?: PostingCreator | undefined
  jobAd?: PostingJobAd | undefined
  active?: boolean | undefined
  visibility?: PostingVisibility | undefined
}

export interface PostingCompany extends ApiObject {
  identifier?: string | undefined
  name?: string | undefined
}

export interface PostingCreator extends ApiObject {
  name?: string | undefined
}

export interface PostingExperienceLevel extends ApiObject {
  id?:
    | 'associate'
    | 'director'
    | 'entry_level'
    | 'executive'
    | 'internship'
    | 'mid_senior_level'
    | 'not_applicable'
    | (string & {})
    | undefined
  name?: string | undefined
}

export interface PostingFunction extends ApiObject {
  id?: string | undefined
  label?: string | undefined
}

export interface PostingItem extends ApiObject {
  id?: string | undefined
  uuid?: string | undefined
  name?: string | undefined
  jobAdId?: string | undefined
  defaultJobAd?: boolean | undefined
  refNumber?: string | undefined
  company?: PostingCompany | undefined
  releasedDate?: string | undefined
  location?: PostingLocation | undefined
  industry?: Industry | undefined
  department?: Department | undefined
  function?: PostingFunction | undefined
  typeOfEmployment?: PostingFunction | undefined
  experienceLevel?: PostingExperienceLevel | undefined
  customField?: CustomField[] | undefined
  ref?: string | undefined
  creator?: PostingItemCreator | undefined
  language?: Language | undefined
  visibility?: PostingVisibility | undefined
}

export interface PostingItemCreator extends ApiObject {
  name?: string | undefined
}

export interface PostingJobAd extends ApiObject {
  sections?: PostingJobAdSections | undefined
}

export interface PostingJobAdSections extends ApiObject {
  companyDescription?: JobAdSection | undefined
  jobDescription?: JobAdSection | undefined
  qualifications?: JobAdSection | undefined
  additionalInformation?: JobAdSection | undefined
  videos?: PostingJobAdSectionsVideos | undefined
}

export interface PostingJobAdSectionsVideos extends ApiObject {
  title?: string | undefined
  urls?: string[] | undefined
}

export interface PostingList extends ApiObject {
  totalFound?: number | undefined
  limit?: number | undefined
  offset?: number | undefined
  content?: PostingItem[] | undefined
}

export interface PostingLocation extends ApiObject {
  country?: string | undefined
  region?: string | undefined
  city?: string | undefined
  remote?: boolean | undefined
  latitude?: string | undefined
  longitude?: string | undefined
}

export type PostingStatus = 'PUBLIC' | 'INTERNAL' | 'NOT_PUBLISHED' | 'PRIVATE' | (string & {})

export interface PostingUpdate extends ApiObject {
  liveUrl?: string | undefined
  status?: string | undefined
  comment?: string | undefined
}

export type PostingVisibility = 'PUBLIC' | 'INTERNAL' | (string & {})

export interface PrivacyPolicy extends ApiObject {
  url?: string | undefined
  orgName?: string | undefined
}

export interface Properties extends ApiObject {
  totalFound?: number | undefined
  content?: Property[] | undefined
}

export interface Property extends ApiObject {
  id: string
  label?: string | undefined
}

export interface Publication extends ApiObject {
  aggregators?: boolean | undefined
  visibility?: 'PUBLIC' | 'INTERNAL' | (string & {}) | undefined
}

export interface PublicationList extends ApiObject {
  content: PublicationListItem[]
}

export interface PublicationListItem extends ApiObject {
  sourceName: string
  type: string
  publishedOn: string
  unpublishedOn?: string | undefined
}

export interface RejectDecision extends ApiObject {
  approverId: string
  comment: string
}

export interface Report extends ApiObject {
  reportId?: string | undefined
  name?: string | undefined
  rowEntityTypeId?: string | undefined
  rowEntityInstanceId?: string | undefined
  columns?: ReportColumn[] | undefined
  filters?: ReportFilter[] | undefined
  creationDate?: string | undefined
  modificationDate?: string | undefined
  creatorId?: string | undefined
  modifierId?: string | undefined
  grantees?: string[] | undefined
  schedule?: ReportSchedule | undefined
  reportTemplateId?: string | undefined
  reportFormats?: ('CSV' | 'EXCEL' | (string & {}))[] | undefined
  accessGroupId?: string | undefined
  systemRoleId?: string | undefined
}

export interface ReportColumn extends ApiObject {
  entityTypeId?: string | undefined
  entityInstanceId?: string | undefined
  dataPointId?: string | undefined
  dataPointInstanceId?: string | undefined
  dataPointInstanceName?: string | undefined
  dataPointName?: string | undefined
  dataPointType?: 'ID' | 'DATE' | 'NUMBER' | 'TEXT' | 'ENUM' | 'BOOLEAN' | 'DECIMAL' | (string & {}) | undefined
}

export interface ReportDateRange extends ApiObject {
  from?: string | undefined
  to?: string | undefined
}

export interface ReportFile extends ApiObject {
  reportFileId?: string | undefined
  reportId?: string | undefined
  reportFileStatus?: 'PENDING' | 'RUNNING' | 'COMPLETED' | 'FAILED' | (string & {}) | undefined
  scheduleType?: 'AD_HOC' | 'SCHEDULED' | (string & {}) | undefined
  schedulingDate?: string | undefined
  generationDate?: string | undefined
  requestorId?: string | undefined
  accessGroupId?: string | undefined
  systemRoleId?: string | undefined
  rowEntityTypeId?: string | undefined
  rowEntityInstanceId?: string | undefined
  columns?: ReportColumn[] | undefined
  filters?: ReportFilter[] | undefined
  errorReason?:
    | 'UNKNOWN'
    | 'MISSING_ACCESS_GROUP'
    | 'ACCESS_GROUP_MISMATCH'
    | 'MISSING_SYSTEM_ROLE'
    | 'SYSTEM_ROLE_MISMATCH'
    | 'REPORTING_AREA_RESTRICTED'
    | 'INCORRECT_ACCESS_CONFIGURATION'
    | 'MISSING_REPORT_CREATOR_EMPLOYEE'
    | (string & {})
    | undefined
}

export interface ReportFiles extends ApiObject {
  nextPage?: string | undefined
  content?: ReportFile[] | undefined
}

export interface ReportFilter extends ApiObject {
  column?: ReportColumn | undefined
  dateRange?: ReportDateRange | undefined
  datePeriod?: ReportFilterDatePeriod | undefined
  rowValues?: ReportFilterRowValues | undefined
  booleanValue?: ReportFilterBooleanValue | undefined
}

export interface ReportFilterBooleanValue extends ApiObject {
  value?: boolean | undefined
}

export interface ReportFilterDatePeriod extends ApiObject {
  period: number
  unit: 'DAYS' | 'WEEKS' | 'MONTHS' | 'YEARS' | (string & {})
  fullPeriod?: boolean | undefined
}

export interface ReportFilterRowValues extends ApiObject {
  noneValue?: boolean | undefined
  values: string[]
}

export interface ReportSchedule extends ApiObject {
  frequency: 'ANNUALLY' | 'MONTHLY' | 'WEEKLY' | 'DAILY' | (string & {})
  activityPeriod: ReportDateRange
  schedulingTime?: ReportScheduleSchedulingTime | undefined
}

export interface ReportScheduleSchedulingTime extends ApiObject {
  from: ReportTime
  to: ReportTime
  zone?: string | undefined
}

export interface ReportTime extends ApiObject {
  hour?: number | undefined
  minute?: number | undefined
}

export interface Reports extends ApiObject {
  nextPage?: string | undefined
  content?: Report[] | undefined
}

export interface ResumeUpload extends ApiObject {
  file?: Blob | undefined
  sourceTypeId?: string | undefined
  sourceSubTypeId?: string | undefined
  sourceId?: string | undefined
  internal?: boolean | undefined
}

export interface Review extends ApiObject {
  id?: string | undefined
  candidateId?: string | undefined
  jobId?: string | undefined
  reviewerId?: UserId | undefined
  overallRating?: number | undefined
  comment?: string | undefined
  createdOn?: string | undefined
  updatedOn?: string | undefined
}

export interface ReviewInput extends ApiObject {
  reviewerId?: UserId | undefined
  candidateId: string
  jobId: string
  overallRating: number
  comment?: string | undefined
  createdOn?: string | undefined
}

export interface ReviewUpdate extends ApiObject {
  overallRating?: number | undefined
  comment?: string | undefined
  reviewerId: UserId
}

export interface SalaryRange extends ApiObject {
  min?: number | undefined
  max?: number | undefined
  currency?: string | undefined
}

export interface Score extends ApiObject {
  raw: number
  min: number
  max: number
}

export interface ScreeningAnswer extends ApiObject {
  id: string
  type:
    | 'text'
    | 'checkbox'
    | 'languages'
    | 'acknowledgement'
    | 'textarea'
    | 'select'
    | 'files'
    | 'info'
    | 'eeo'
    | 'radio'
    | 'salaryExpectation'
    | 'currency'
    | 'work_shifts'
    | (string & {})
  category: string
  name: string
  label: string
  records: AnswerRecord[]
}

export interface ScreeningAnswers extends ApiObject {
  totalFound: number
  content: ScreeningAnswer[]
}

export interface ScreeningQuestion extends ApiObject {
  id: string
  label: string
  repeatable: boolean
  fields: ScreeningQuestionField[]
}

export interface ScreeningQuestionAnswer extends ApiObject {
  id: string
  records: ScreeningQuestionAnswerRecord[]
}

export interface ScreeningQuestionAnswerRecord extends ApiObject {
  fields: unknown
}

export interface ScreeningQuestionField extends ApiObject {
  id: string
  label: string
  type:
    | 'INPUT_TEXT'
    | 'SINGLE_SELECT'
    | 'MULTI_SELECT'
    | 'RADIO'
    | 'CHECKBOX'
    | 'TEXTAREA'
    | 'INFORMATION'
    | (string & {})
  required: boolean
  complianceType?: 'DIVERSITY' | (string & {}) | undefined
  values: FieldValue[]
}

export interface SecretKey extends ApiObject {
  secretKey?: string | undefined
}

export interface SemanticErrorItem extends ApiObject {
  dataPath: string
  message: string
}

export interface SemanticErrorResponse extends ApiObject {
  message?: string | undefined
  errors?: SemanticErrorItem[] | undefined
}

export interface Source extends ApiObject {
  id: string
  label: string
  sourceSubType: Identifiable
  actions: SourceActions
}

export interface SourceActions extends ApiObject {
  sourceDetails: Action
}

export interface SourceDefinition extends ApiObject {
  label: string
  type: Identifiable
  subType: Identifiable
}

export interface SourceType extends ApiObject {
  id: string
  label: string
  actions: SourceTypeActions
  subtypes: Identifiable[]
}

export interface SourceTypeActions extends ApiObject {
  values: Action
}

export interface SourceTypes extends ApiObject {
  totalFound: number
  content: SourceType[]
}

export interface Sources extends ApiObject {
  totalFound: number
  limit: number
  offset: number
  content: Source[]
}

export interface SubscribedEvent extends ApiObject {
  name?: SubscribedEventName | undefined
  version?: string | undefined
}

export interface SubscriptionAuthentication extends ApiObject {
  type?: 'basic' | 'header' | 'oauth2' | (string & {}) | undefined
  username?: string | undefined
  password?: string | undefined
  headerName?: string | undefined
  headerValue?: string | undefined
  clientId?: string | undefined
  clientSecret?: string | undefined
  tokenServiceUrl?: string | undefined
}

export interface SubscriptionDetails extends ApiObject {
  id?: string | undefined
  callbackUrl: string
  events: SubscribedEvent[]
  status?: 'inactive' | 'active' | (string & {}) | undefined
}

export interface SubscriptionRequest extends ApiObject {
  callbackUrl: string
  events: SubscribedEventName[]
  alertingEmailAddress?: string | undefined
  callbackAuthentication?: SubscriptionAuthentication | undefined
}

export interface SystemRole extends ApiObject {
  id: string
  name?: string | undefined
}

export interface SystemRoles extends ApiObject {
  content?: SystemRole[] | undefined
}

export interface Timeslot extends ApiObject {
  id?: string | undefined
  interviewType?: InterviewType | undefined
  title?: string | undefined
  place?: string | undefined
  startsOn: string
  endsOn: string
  interviewers: Interviewer[]
  candidateStatus?: AttendeeStatusValue | undefined
}

export interface User extends ApiObject {
  email?: string | undefined
  firstName: string
  lastName: string
  systemRole?: SystemRole | undefined
  externalData?: string | undefined
  ssoIdentifier?: string | undefined
  ssoLoginMode?: 'SSO' | 'PASSWORD' | (string & {}) | undefined
  language?: UserLanguage | undefined
}

export interface UserEntity extends ApiObject {
  email?: string | undefined
  firstName: string
  lastName: string
  systemRole?: SystemRole | undefined
  externalData?: string | undefined
  ssoIdentifier?: string | undefined
  ssoLoginMode?: 'SSO' | 'PASSWORD' | (string & {}) | undefined
  language?: UserLanguage | undefined
  id?: string | undefined
  active?: boolean | undefined
  updatedOn?: string | undefined
  location?: UserLocation | undefined
  accessGroups?: AccessGroup[] | undefined
  seats?: string[] | undefined
}

export type UserId = string

export interface UserIdentity extends ApiObject {
  id?: string | undefined
  firstName?: string | undefined
  lastName?: string | undefined
}

export interface UserLanguage extends ApiObject {
  code: UserLanguageCode
}

export type UserLanguageCode =
  | 'bg'
  | 'cs'
  | 'da'
  | 'de'
  | 'el'
  | 'en'
  | 'es'
  | 'es-MX'
  | 'fi'
  | 'fr'
  | 'fr-CA'
  | 'hr'
  | 'hu'
  | 'id'
  | 'it'
  | 'ja'
  | 'lt'
  | 'nl'
  | 'no'
  | 'pl'
  | 'pt'
  | 'pt-BR'
  | 'ro'
  | 'ru'
  | 'sk'
  | 'sl'
  | 'sr'
  | 'sv'
  | 'th'
  | 'tr'
  | 'uk'
  | 'vi'
  | 'zh-CN'
  | 'zh-TW'
  | 'ka'
  | (string & {})

export interface UserListItem extends ApiObject {
  email?: string | undefined
  firstName: string
  lastName: string
  systemRole?: SystemRole | undefined
  externalData?: string | undefined
  ssoIdentifier?: string | undefined
  ssoLoginMode?: 'SSO' | 'PASSWORD' | (string & {}) | undefined
  language?: UserLanguage | undefined
  id?: string | undefined
  active?: boolean | undefined
  updatedOn?: string | undefined
  accessGroups?: Identifiable[] | undefined
  seats?: string[] | undefined
}

export interface UserLocation extends ApiObject {
  countryCode: string
  regionCode?: string | undefined
  city: string
  address?: string | undefined
  postalCode?: string | undefined
}

export interface UserLocationInput extends ApiObject {
  countryCode: string
  regionCode?: string | undefined
  city: string
  address?: string | undefined
  postalCode?: string | undefined
}

export type UserRole = 'ADMINISTRATOR' | 'EMPLOYEE' | 'EXTENDED' | 'RESTRICTED' | 'STANDARD' | (string & {})

export interface Users extends ApiObject {
  limit?: number | undefined
  nextPageId?: string | undefined
  content?: UserListItem[] | undefined
}

export interface VendorAvailability extends ApiObject {
  expirationDate?: string | undefined
  industries?: FeedDictionaryEntry[] | undefined
  locations?: VendorLocation[] | undefined
  companies?: string[] | undefined
  specialOffer?: string | undefined
}

export interface VendorConfig extends ApiObject {
  id: string
  value?: string | undefined
}

export interface VendorConfigs extends ApiObject {
  limit?: number | undefined
  offset?: number | undefined
  totalFound?: number | undefined
  content?: VendorConfig[] | undefined
}

export interface VendorLocation extends ApiObject {
  country?: string | undefined
  region?: string | undefined
  city?: string | undefined
}

export interface VendorOffer extends ApiObject {
  id?: string | undefined
  catalogId: string
  name: string
  description: string
  category?: string | undefined
  createDate?: string | undefined
  lastUpdateDate?: string | undefined
  status?: 'ACTIVE' | 'INACTIVE' | 'UNDER_REVIEW' | 'REJECTED' | (string & {}) | undefined
  terms: VendorTerms
  targetMarket?: VendorTargetMarket | undefined
  availability?: VendorAvailability | undefined
}

export interface VendorOffers extends ApiObject {
  limit?: number | undefined
  offset?: number | undefined
  totalFound?: number | undefined
  content?: VendorOffer[] | undefined
}

export interface VendorTargetMarket extends ApiObject {
  industries?: FeedDictionaryEntry[] | undefined
  functions?: FeedDictionaryEntry[] | undefined
  experienceLevels?: FeedDictionaryEntry[] | undefined
  locations?: VendorLocation[] | undefined
}

export interface VendorTerms extends ApiObject {
  type?:
    | 'REFERENCE_CHECK'
    | 'BEHAVIORAL_ASSESSMENT'
    | 'BACKGROUND_CHECK'
    | 'VIDEO_INTERVIEW'
    | 'SKILLS_TEST'
    | 'INLINE_ASSESSMENT'
    | (string & {})
    | undefined
  price: Money
  postingPeriod?: number | undefined
  costPerClick?: Money | undefined
  existingContract?: { [key: string]: unknown } | undefined
}

export interface WebFormAnswer extends ApiObject {
  fieldId: string
  integrationKey?: string | undefined
  answerValue: string[]
}

export interface WebFormAnswers extends ApiObject {
  answers: WebFormAnswer
}

export interface WebFormAssignment extends ApiObject {
  id: string
  title: string
  description: string
  hasSensitiveData: boolean
  isHighPriority: boolean
}

export interface WebFormFieldMetadata extends ApiObject {
  type: string
  title: string
  integrationKey?: string | undefined
  hintText?: string | undefined
  isRequired: boolean
}

export interface WebFormFieldsMetadata extends ApiObject {
  fields: { [key: string]: WebFormFieldMetadata }
}

export interface WebProfile extends ApiObject {
  skype?: string | undefined
  linkedin?: string | undefined
  facebook?: string | undefined
  twitter?: string | undefined
  website?: string | undefined
}

export type SubscribedEventName =
  | 'application.attachment.created'
  | 'application.created'
  | 'application.fields.updated'
  | 'application.onboarding-status.updated'
  | 'application.screening-answers.created'
  | 'application.screening-answers.updated'
  | 'application.source.updated'
  | 'application.status.updated'
  | 'candidate.created'
  | 'candidate.deleted'
  | 'candidate.updated'
  | 'interview.canceled'
  | 'interview.created'
  | 'interview.updated'
  | 'job.ad.created'
  | 'job.ad.postings.updated'
  | 'job.ad.updated'
  | 'job.approval.abandoned'
  | 'job.approval.approved'
  | 'job.approval.comment.created'
  | 'job.approval.created'
  | 'job.approval.rejected'
  | 'job.approval.step.approved'
  | 'job.approval.step.rejected'
  | 'job.approver.delegated'
  | 'job.approver.skipped'
  | 'job.created'
  | 'job.hiring-team.updated'
  | 'job.status.updated'
  | 'job.updated'
  | 'offer.approval.abandoned'
  | 'offer.approval.approved'
  | 'offer.approval.comment.created'
  | 'offer.approval.created'
  | 'offer.approval.rejected'
  | 'offer.approval.step.approved'
  | 'offer.approval.step.rejected'
  | 'offer.approver.delegated'
  | 'offer.approver.skipped'
  | 'offer.created'
  | 'offer.updated'
  | 'onboarding.assignments.completed'
  | 'onboarding.assignments.high-priority.completed'
  | 'onboarding.process.started'
  | 'position.created'
  | 'position.deleted'
  | 'position.updated'
  | 'review.created'
  | 'review.deleted'
  | 'review.updated'
  | (string & {})
