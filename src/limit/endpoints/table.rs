//! The vendor's table: the documented endpoints and their limits.

/// The limit of requests per second for each credential and endpoint without an exception.
const PER_SECOND: u32 = 10;
/// The limit of requests in progress for each credential.
pub(crate) const CONCURRENT: u32 = 8;

/// The limits of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The limit of requests in any second.
    pub per_second: u32,
    /// The limit of requests in progress, if the endpoint has one of its own beside the credential's.
    pub concurrent: Option<u32>,
    /// Whether the user chose the limits. Answers may then lower them, but not raise them.
    pub chosen: bool,
}

impl Default for Rule {
    fn default() -> Self {
        Self { per_second: PER_SECOND, concurrent: None, chosen: false }
    }
}

/// The endpoints with limits of their own (from the vendor's page on rate limiting).
pub(super) const EXCEPTIONS: &[(&str, &str, Rule)] = &[
    ("GET", "/candidates", Rule { per_second: PER_SECOND, concurrent: Some(1), chosen: false }),
    ("POST", "/jobs/{id}/publication", TWO),
    ("DELETE", "/jobs/{id}/publication", TWO),
    ("GET", "/offers/{id}/documents/{documentId}", TWO),
];

const TWO: Rule = Rule { per_second: 2, concurrent: None, chosen: false };

/// The paths of the vendor's documentation, as templates. Each path is an endpoint for each method. Other paths get a
/// template from their shape; this list separates names from ids where the shape cannot, as in `/candidates/cv`.
pub(super) const PATHS: &[&str] = &[
    // Jobs
    "/jobs",
    "/jobs/{id}",
    "/jobs/{id}/candidates",
    "/jobs/{id}/candidates/cv",
    "/jobs/{id}/hiring-team",
    "/jobs/{id}/hiring-team/{userId}",
    "/jobs/{id}/note",
    "/jobs/{id}/positions",
    "/jobs/{id}/positions/{positionId}",
    "/jobs/{id}/publication",
    "/jobs/{id}/status",
    // Candidates
    "/candidates",
    "/candidates/{id}",
    "/candidates/{id}/attachments",
    "/candidates/{id}/consent",
    "/candidates/{id}/jobs/{jobId}",
    "/candidates/{id}/jobs/{jobId}/attachments",
    "/candidates/{id}/jobs/{jobId}/offers",
    "/candidates/{id}/jobs/{jobId}/offers/{offerId}",
    "/candidates/{id}/jobs/{jobId}/status",
    "/candidates/attachments/{attachmentId}",
    "/candidates/cv",
    "/candidates/cv/parse",
    // Offers
    "/offers",
    "/offers/{id}",
    "/offers/{id}/documents",
    "/offers/{id}/documents/{documentId}",
    // Messages
    "/messages",
    "/messages/{id}",
    // Configuration
    "/configuration",
    "/configuration/departments",
    "/configuration/departments/{id}",
    "/configuration/job-properties",
    "/configuration/job-properties/{id}",
    "/configuration/job-properties/{id}/values",
    "/configuration/job-properties/{id}/values/{valueId}",
    // Users
    "/user-api/v201804/access-groups",
    "/user-api/v201804/access-groups/{id}",
    "/user-api/v201804/system-roles",
    "/user-api/v201804/users",
    "/user-api/v201804/users/{id}",
    "/user-api/v201804/users/{id}/avatar",
    "/user-api/v201804/users/me",
    "/users",
    "/users/{id}",
    "/users/me",
    // Families of which only the base is documented
    "/job-applications-api/v202112/job-applications",
    "/job-applications-api/v202112/job-applications/{id}",
    "/interviews-api/v201904/interview-types",
    "/interviews-api/v201904/interviews",
    "/interviews-api/v201904/interviews/{id}",
    "/reviews-api/v201910/reviews",
    "/reviews-api/v201910/reviews/{id}",
    "/approvals-api/v201910/approvals",
    "/approvals-api/v201910/approvals/{id}",
    "/audit-api/v201910/audit-events",
    "/smartonboard-api/v202205",
    // Reporting
    "/reporting-api/v201804/reports",
    "/reporting-api/v201804/reports/{id}",
    "/reporting-api/v201804/reports/{id}/files",
    "/reporting-api/v201804/reports/{id}/files/{fileId}",
    "/reporting-api/v201804/reports/{id}/files/{fileId}/data",
    "/reporting-api/v201804/reports/{id}/files/recent",
    "/reporting-api/v201804/reports/{id}/files/recent/data",
    // Webhooks
    "/webhooks-api/v201907/subscriptions",
    "/webhooks-api/v201907/subscriptions/{id}",
    "/webhooks-api/v201907/subscriptions/{id}/activation",
    "/webhooks-api/v201907/subscriptions/{id}/callbacks-log",
    "/webhooks-api/v201907/subscriptions/{id}/secret-key",
    // Assessments
    "/assessment-api/v202010/integration/company/{companyId}",
    "/assessment-api/v202010/partner/configuration",
    "/assessment-api/v202107",
    // Partners
    "/apps-integrations/partner-api/integrations",
    "/feed",
    "/feed/publications",
    "/postings/{uuid}",
    "/postings/{uuid}/candidates",
    "/postings/{uuid}/configuration",
    // Public and legacy
    "/v1/assessments",
    "/v1/assessments/{id}",
    "/v1/companies/{id}/departments",
    "/v1/companies/{id}/postings",
    "/v1/companies/{id}/postings/{postingId}",
    "/v1/configs",
    "/v1/offers",
];
