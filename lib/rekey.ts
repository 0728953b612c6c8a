/** Rekeying of a store: its options, and its progress. */

/** Options of {@link OAuthApp.rekey}. */
export interface RekeyOptions {
  /** Called after each record with the progress of rekeying. Default: none. */
  onProgress?: ((progress: RekeyProgress) => void) | undefined
  /**
   * Stops rekeying when it is aborted: the promise rejects with the signal's reason. Every record stays encrypted with
   * one of the keys, so rekeying can be started again at any time.
   */
  signal?: AbortSignal | undefined
}

/** The progress of rekeying, and finally its result. */
export interface RekeyProgress {
  /** The number of records that this call has encrypted with the first key. */
  resealed: number
  /** The number of records that were already encrypted with the first key. */
  skipped: number
  /**
   * The number of records that could not be encrypted with the first key. Keep the old key while this is not 0; the
   * event `rekeyFailed` names each record and the reason.
   */
  failed: number
}
