/**
 * The fault matrix: what happens, what must be true then, and how that is checked. The groups A to H are those of the
 * plan of reliability; A, the safety of grants, is what `npm run torture` is about.
 *
 * A row whose test does not exist, or is not run, fails or is named as not run: never passed over. `open` says which part
 * of a row nothing checks yet.
 */

import { alone, cargo, scenario, short, test } from './checks.mjs'

const js = (name, ...names) => test(`__test__/${name}.test.mjs`, ...names)

export const GROUPS = [
  {
    id: 'B',
    title: 'The cache of tokens, and time',
    rows: [
      {
        id: 'B1',
        fault: 'The token endpoint is down, or hangs, while the access token is still valid.',
        rule: 'No call fails or waits.',
        checks: [
          cargo(
            'an_outage_fails_nobody_while_the_token_lives_and_is_over_when_it_is_over',
            'a_token_endpoint_that_is_down_fails_no_call_while_the_token_lives',
            'a_token_endpoint_that_hangs_fails_and_delays_no_call_while_the_token_lives',
          ),
        ],
      },
      {
        id: 'B2',
        fault: 'The token endpoint or the store comes back after an outage.',
        rule: 'It is asked again within seconds; the outage leaves nothing behind.',
        checks: [
          cargo(
            'waits_grow_to_a_bound_and_a_lost_grant_has_none',
            'a_store_that_was_away_for_long_is_asked_again_within_three_seconds',
          ),
          js(
            'tokens',
            'a token endpoint that is down is one typed error for each call, few attempts, and over when it is over',
          ),
        ],
      },
      {
        id: 'B3',
        fault: 'The wall clock jumps by an hour, a day or 28 days, in both directions, also during an exchange.',
        rule: 'No call fails, no credential is renewed more than once after a jump, and no refresh token is sent twice.',
        checks: [
          scenario(
            'clock',
            'a wall clock that jumps between calls',
            'a wall clock that jumps during an exchange',
            'processes whose clocks differ by a day share a grant',
          ),
          cargo('a_wall_clock_set_back_does_not_turn_back_time'),
        ],
      },
      {
        id: 'B4',
        fault: 'The machine sleeps for hours.',
        rule: 'The first call after it wakes renews the token.',
        checks: [cargo('a_sleeping_machine_wakes_with_an_expired_token', 'time_passes_while_the_machine_sleeps')],
      },
      {
        id: 'B5',
        fault: 'The answer gives the life of its token as nonsense, or not at all.',
        rule: 'Each form has its life in a table; no token lives for ever.',
        checks: [cargo('every_expires_in_has_a_sane_lifetime'), js('tokens', /^an expires_in that is /)],
      },
      {
        id: 'B6',
        fault: 'The API refuses a token that another process has renewed meanwhile.',
        rule: 'The token of the other process is used; there is no further exchange.',
        checks: [cargo('a_token_that_another_process_got_is_adopted', 'cold_starts_take_the_token_that_is_there')],
      },
      {
        id: 'B7',
        fault: 'The API answers 401 for ever.',
        rule: 'A route burns one renewal, and the next calls none.',
        checks: [
          js('tokens', 'a route that the vendor denies with 401 burns one renewal and no more'),
          cargo(
            'a_denied_route_burns_one_renewal_and_no_more',
            'denied_routes_in_turn_burn_one_renewal_each_and_no_more',
          ),
        ],
      },
      {
        id: 'B8',
        fault: 'The API answers 403.',
        rule: 'No token is renewed.',
        checks: [short('calls', '403 a hundred times')],
      },
      {
        id: 'B9',
        fault: 'Many credentials want their tokens at once.',
        rule: 'Each has one exchange, and no token gets into other hands.',
        checks: [
          scenario('calls', 'a thousand calls of fifty credentials at once'),
          cargo(
            'clients_with_one_credential_share_its_token_and_others_do_not',
            'apps_that_differ_in_anything_that_matters_share_nothing',
          ),
          js('threads', 'a thread with another key or secret gets no token of the others'),
        ],
      },
    ],
  },
  {
    id: 'C',
    title: 'Bad answers of the token endpoint',
    rows: [
      {
        id: 'C1',
        fault: 'Malformed answers of every kind, generated.',
        rule: 'Nothing panics; a refresh token is read, or its answer is kept; no error shows a secret.',
        checks: [
          cargo(
            'a_refresh_token_is_read_or_its_answer_is_kept_whatever_else_is_mutated',
            'no_bytes_make_a_reader_panic',
            'no_error_holds_a_token_of_the_answer',
          ),
        ],
      },
      {
        id: 'C2',
        fault: 'The answer is cut off at any byte.',
        rule: 'A whole refresh token is kept; a damaged one is never used.',
        checks: [
          cargo(
            'an_answer_is_read_in_whatever_way_it_ends',
            'framing_tells_when_an_answer_is_whole_byte_by_byte',
            'a_damaged_refresh_token_is_refused_and_kept',
          ),
          js('tokens', 'a token answer that is truncated on the wire is no token'),
        ],
      },
      {
        id: 'C3',
        fault: 'Duplicate members, other charsets, megabytes, deep nesting, wrong content types and token types.',
        rule: 'Nothing beside the tokens costs them, and what is no token is not taken for one.',
        checks: [
          js('tokens', /^a token answer that is (?!truncated)/, 'a token of an unusual type is used as a bearer token'),
          cargo(
            'nothing_beside_the_tokens_costs_them',
            'depth_costs_nothing',
            'words_are_read_in_every_charset',
            'bodies_are_decoded_whatever_the_label_says',
          ),
        ],
      },
      {
        id: 'C4',
        fault: 'The answer has no refresh token, or an empty one.',
        rule: 'The old one is kept.',
        checks: [
          js('tokens', 'an answer without a refresh token keeps the old one'),
          cargo(
            'an_omitted_refresh_token_means_to_keep_the_old_one',
            'a_refresh_token_that_may_be_hidden_is_not_taken_for_omitted',
          ),
        ],
      },
      {
        id: 'C5',
        fault: 'An error with the status 200.',
        rule: 'It is that error, and the grant goes on.',
        checks: [js('token-errors', 'a success without tokens that names an error is that error')],
      },
      {
        id: 'C6',
        fault: 'Refusals with other statuses than RFC 6749 has.',
        rule: 'Only what is about the grant ends it.',
        checks: [
          cargo(
            'statuses_that_are_not_about_the_exchange_are_unavailability',
            'refusals_that_hold_nothing_are_not_kept',
          ),
          js(
            'token-errors',
            "a refusal in the vendor's own form shows the vendor's words, status, headers and request id",
          ),
        ],
      },
      {
        id: 'C7',
        fault: 'The answer to the exchange of a code is lost.',
        rule: 'The code is not sent again, and the error says that its outcome is unknown.',
        checks: [
          js(
            'codes',
            'a code whose exchange lost its answer is not presented again: its outcome is unknown',
            'a code that no server has seen is exchanged at the next try',
          ),
        ],
      },
    ],
  },
  {
    id: 'D',
    title: 'Faults of HTTP, names, TLS and proxies',
    rows: [
      {
        id: 'D1',
        fault: 'Redirects to another scheme, host, port or subdomain.',
        rule: 'No credential, cookie or form gets there.',
        checks: [
          cargo(
            'nothing_that_is_secret_crosses_to_another_origin',
            'another_scheme_host_port_or_subdomain_is_another_origin',
            'a_credential_that_was_left_behind_does_not_come_back',
          ),
          js('fetch-answers', 'a download that leads to another origin takes no credential there'),
        ],
      },
      {
        id: 'D2',
        fault: 'The token endpoint redirects.',
        rule: 'It is not followed.',
        checks: [cargo('a_token_request_follows_no_redirect', 'a_redirect_with_an_access_token_is_not_a_success')],
      },
      {
        id: 'D3',
        fault: 'Answers that are not HTTP, or not whole.',
        rule: 'Each is a typed error; no call hangs.',
        checks: [
          short('calls', 'answers that are not HTTP, or not whole'),
          js('framing', 'a hundred interim answers and more are refused at once'),
          cargo(
            'a_length_that_is_too_short_or_too_long_holds_nobody_up',
            'a_body_that_is_not_what_it_says_is_an_error',
          ),
        ],
      },
      {
        id: 'D4',
        fault: 'A server that sends a byte at a time, or takes none.',
        rule: 'The call ends at its deadline.',
        checks: [
          short('calls', 'a server that sends a byte at a time'),
          scenario('calls', 'an endless upload to a server that takes nothing'),
          cargo('bytes_that_trickle_do_not_put_the_deadline_off'),
        ],
      },
      {
        id: 'D5',
        fault: 'Compressed bombs, also nested ones.',
        rule: 'They end at the limit of a body, and no other call waits for them.',
        checks: [
          cargo(
            'a_bomb_stops_at_the_cap_whether_buffered_or_streamed',
            'no_coding_in_a_chain_expands_without_bounds',
            'others_get_their_turn_while_a_bomb_is_decoded',
            'a_bomb_costs_little',
          ),
          js('framing', 'a body of nothing but empty gzip members ends as an attack, and a few of them are nothing'),
        ],
      },
      {
        id: 'D6',
        fault: 'Streams that are larger than the memory.',
        rule: 'Memory stays constant, in both directions.',
        checks: [
          js('memory', /of 1 GiB takes less than 64 MiB of memory$/),
          js('fetch-bodies', 'a server cannot send more than a bounded part of what is not read'),
        ],
      },
      {
        id: 'D7',
        fault: 'The server closes a connection at the moment at which it is used again.',
        rule: 'No GET fails, and no POST is sent twice.',
        checks: [
          scenario('calls', 'a connection that its server closes at any moment of its rest'),
          js('connections', 'a connection that ends as it is used again fails no GET, and repeats no POST'),
        ],
      },
      {
        id: 'D8',
        fault: 'HTTP/2: GOAWAY, refused streams, rapid reset, floods of CONTINUATION, a peer that falls silent.',
        rule: 'What was not processed is sent again, memory stays flat, and a silent connection is replaced within 30 s.',
        checks: [
          scenario(
            'http2',
            'a server that resets every stream at once',
            'a flood of RST_STREAM frames',
            'a head that never ends, in CONTINUATION frames',
            'a head that never ends, in empty CONTINUATION frames',
            'a connection whose peer has fallen silent',
          ),
          js(
            'connections',
            'what an HTTP/2 server says that it did not process is sent again, whatever it is',
            'an HTTP/2 stream that is reset otherwise may have been processed, and is not sent again',
            'forty calls in flight through a graceful end of their connection all succeed',
          ),
        ],
      },
      {
        id: 'D9',
        fault: 'Line breaks, NUL, dots and encoded dots in headers, paths, parameters and queries.',
        rule: 'They are encoded or refused; the request arrives where it was meant to.',
        checks: [
          cargo(
            'nothing_gets_into_a_request_that_is_no_header',
            'every_byte_that_a_value_may_have_goes_both_ways_and_others_are_refused',
            'parameters_are_encoded_and_cannot_retarget',
            'no_parameter_leaves_its_segment',
            'paths_that_could_leave_their_place_are_refused',
          ),
          js('fetch', 'no path leads out of a base URL that has one itself'),
        ],
      },
      {
        id: 'D10',
        fault: 'DNS that says no, fails, hangs, or changes; an address that swallows connections.',
        rule: 'Each is a typed error, asked again at the next call; what hangs holds nothing else up.',
        checks: [
          scenario(
            'dns',
            'names that do not exist, and a server that fails',
            'a name that leads elsewhere',
            '512 look-ups that hang, while an address is called',
            '512 look-ups that hang, while another name and a store are used',
          ),
          cargo(
            'an_address_that_swallows_connections_does_not_hold_up_the_other_family',
            'a_name_without_an_address_is_a_dns_failure',
          ),
        ],
      },
      {
        id: 'D11',
        fault: 'Certificates that expired or are of someone else, old versions of TLS, and connections that are cut.',
        rule: 'No byte of a request is sent where TLS fails, and a cut answer is never taken for a whole one.',
        checks: [
          scenario(
            'tls',
            'certificates that have expired, or are not valid yet',
            'versions of TLS before 1.2',
            'an answer that ends without close_notify',
            'a connection that ends within the handshake',
          ),
          js(
            'tls',
            '`ca` makes the same servers trusted as in node:https',
            'each failure says why, what was found, and what to do',
            'a server that asks for a client certificate is named, and takes those of version 1',
            'the environment names files and folders of authorities, and the own certificates of servers',
            'the roots of the operating system are trusted by those who ask for them',
          ),
          js('connections', 'a certificate for another host is refused'),
        ],
        open: 'certificates that were revoked: no revocation list is read',
      },
      {
        id: 'D12',
        fault: 'Proxies: squid and tinyproxy, with a login, with a wrong one, and with an end in the middle.',
        rule: 'The login never reaches the API or an error, and `NO_PROXY` has every usual form.',
        checks: [
          scenario(
            'proxies',
            /^calls through (squid|tinyproxy), /,
            /^(squid|tinyproxy) refuses a login, or a place$/,
            /^(squid|tinyproxy) ends in the middle of a tunnel$/,
          ),
          js(
            'connections',
            'NO_PROXY and `proxy: false` go before the proxies of the environment',
            /^any 2xx opens a tunnel/,
          ),
          cargo('every_form_that_others_take_is_understood', 'each_scheme_has_its_variable_before_the_one_for_all'),
        ],
      },
      {
        id: 'D13',
        fault: 'Base URLs that lead to plain HTTP, to another place than they seem, or to metadata of a cloud.',
        rule: 'Secrets go to https or to the loopback only.',
        checks: [cargo('secrets_go_to_https_or_loopback_only', 'some_places_are_not_for_us')],
      },
      {
        id: 'D14',
        fault: 'Servers that fail always, or ask for odd waits.',
        rule: 'Only what does no harm is repeated, with at most a fifth more load; waits are never long or negative.',
        checks: [
          cargo(
            'what_may_have_been_done_is_done_again_only_where_that_does_no_harm',
            'a_failing_server_sees_a_fifth_more_than_it_is_offered',
            'retry_after_is_digits_or_a_date_and_never_long_or_negative',
          ),
        ],
      },
    ],
  },
  {
    id: 'E',
    title: 'Rate limits',
    rows: [
      {
        id: 'E1',
        fault: 'Full load, in one process and in many.',
        rule: 'The limit is used and never exceeded.',
        checks: [
          alone(js('limits', /^all that a (sliding|fixed) window permits is used, and no more$/)),
          alone(js('shared-limits', 'a fleet uses all that is permitted, and no more')),
          cargo(
            'no_second_of_the_server_sees_more_than_the_limit',
            'a_minute_at_full_load_uses_the_whole_limit_and_no_second_exceeds_it',
          ),
        ],
      },
      {
        id: 'E2',
        fault: 'A process that holds permits is killed.',
        rule: 'They are free again when its lease ends.',
        checks: [js('shared-limits', 'what a process holds that is killed is free for others when its lease ends')],
      },
      {
        id: 'E3',
        fault: 'The Redis of shared limits is down, or fails over.',
        rule: 'Each process keeps to its part meanwhile.',
        checks: [
          js('shared-limits', 'without Redis each process keeps to its part, and with it again they share'),
          cargo('permits_come_from_the_new_primary_though_the_old_one_still_answers'),
        ],
      },
      {
        id: 'E4',
        fault: 'The API answers 429 to everything.',
        rule: 'All calls of the endpoint wait, and no call waits for ever behind others.',
        checks: [
          js('limits', 'a 429 is waited out by all calls of its endpoint, and counted'),
          cargo('a_429_holds_back_its_own_endpoint_only', 'calls_are_sent_in_their_order_and_interactive_ones_first'),
        ],
      },
      {
        id: 'E5',
        fault: 'Requests of other kinds, or many unknown paths.',
        rule: 'Endpoints do not take places of each other.',
        checks: [cargo('the_invariants_hold_under_any_schedule', 'no_id_becomes_an_endpoint_of_its_own')],
      },
    ],
  },
  {
    id: 'F',
    title: 'Secrets',
    rows: [
      {
        id: 'F1',
        fault: 'Errors, logs and stores are searched for tokens, keys, codes and secrets.',
        rule: 'There are none, in any encoding.',
        checks: [
          test(
            '__test__/secrets.test.mjs',
            'the search finds a secret that is there',
            'credentials and clients show no secret',
            'an app, its requests and its grants show no secret, code, verifier or token',
            'errors show no secret, whatever the server quotes',
            'errors show nothing of the secrets that an answer of the token endpoint quotes',
          ),
          js('stores', /: no token is in what it writes, and a grant is there for the next app$/),
          cargo('secrets_become_text_in_these_places_only', 'no_form_of_a_secret_gets_through'),
        ],
      },
      {
        id: 'F2',
        fault: 'The heap of V8 and copies of objects are searched.',
        rule: 'Exchanged tokens stay in native memory.',
        checks: [js('secrets', 'credentials and clients show no secret')],
        open: 'a snapshot of the heap is not searched',
      },
      {
        id: 'F3',
        fault: 'Native memory is searched after `close()`.',
        rule: 'Secrets were wiped.',
        checks: [
          alone(
            js('secrets-in-memory', 'a closed client leaves no refresh token, client secret or key in native memory'),
          ),
        ],
      },
      {
        id: 'F4',
        fault: 'Records in a store are changed, swapped, rolled back, or opened with another key.',
        rule: 'Each is refused.',
        checks: [
          cargo(
            'every_flipped_bit_is_refused',
            'rows_cannot_be_swapped_or_their_versions_changed',
            'a_forged_record_is_refused_although_its_checksum_is_right',
            'a_key_that_is_not_there_is_told_from_damage',
          ),
        ],
      },
      {
        id: 'F5',
        fault: 'Other users of the machine look for the files of a store.',
        rule: 'Only the owner can read them.',
        checks: [cargo('only_the_owner_can_read_the_file_and_its_log', 'what_is_not_ours_is_refused_and_left_alone')],
      },
      {
        id: 'F6',
        fault: 'Debug output and panics.',
        rule: 'No type that holds a secret prints it.',
        checks: [cargo('nothing_that_holds_a_secret_prints_it', 'debug_shows_nothing_of_the_text')],
      },
    ],
  },
  {
    id: 'G',
    title: 'The life of the addon',
    rows: [
      {
        id: 'G1',
        fault: 'A hundred thousand items of a list, answers that nobody reads, and very many requests of all kinds.',
        rule: 'Memory, threads and descriptors are bounded.',
        checks: [
          js('memory', /come in order, each once, and take less than 16 MiB of memory$/),
          js(
            'processes',
            'answers that nobody reads are given up when they are collected, also under a signal that lives on',
          ),
          js('endurance', /^a process holds no more after \d+ requests$/),
        ],
      },
      {
        id: 'G2',
        fault: 'One AbortSignal for 100,000 calls.',
        rule: 'It has one listener at most, and none in the end.',
        checks: [js('requests', 'a signal over 100,000 calls has one listener at most, and none in the end')],
      },
      {
        id: 'G3',
        fault: 'Endless and large answers.',
        rule: 'They hold up neither Node nor the calls of others.',
        checks: [
          js(
            'busy',
            'no endless answer holds up the calls of another client',
            'eight large bodies are read whole, and hold up no small call',
          ),
        ],
      },
      {
        id: 'G4',
        fault: 'Failures of work in the background.',
        rule: 'No unhandled rejection; a process without work ends by itself.',
        checks: [
          js(
            'processes',
            'a process with an idle client ends by itself',
            'a process whose only call is aborted ends by itself',
          ),
          js('own-stores', 'whatever a store throws or rejects with is a StoreError, and no unhandled rejection'),
        ],
      },
      {
        id: 'G5',
        fault: 'A panic in native code.',
        rule: 'It is an error of the call, and the process lives.',
        checks: [
          short('panics', 'every exported function catches its panics'),
          scenario('panics', 'every exported function panics in turn'),
          cargo('a_panic_is_an_error_and_not_the_end'),
        ],
      },
      {
        id: 'G6',
        fault: 'Stores, values and listeners of the user that throw, hang or lie.',
        rule: 'Each is a typed error, or bounded.',
        checks: [
          js('stores', "what is wrong with a user's store is named"),
          js('own-stores', 'whatever a store throws or rejects with is a StoreError, and no unhandled rejection'),
          js(
            'hostile-values',
            'a revoked Proxy, or a getter that throws, is a ConfigurationError that names the field',
          ),
        ],
      },
      {
        id: 'G7',
        fault: 'Workers that end, are terminated, or have realms of their own; processes that are forked.',
        rule: 'Nothing else is taken down, and an exchange in flight happens once.',
        checks: [
          short('forks', /^(child_process|cluster)\.fork\(\) during an exchange$/),
          js(
            'processes',
            'a worker that is terminated with calls in flight takes nothing else down',
            'a worker that is terminated in the middle of downloads takes nothing else down',
            'workers that end by themselves leave the process able to call',
          ),
          js('threads', 'a worker that is terminated in the middle of an exchange loses nothing'),
          js('fetch', 'the package works in a realm of its own'),
        ],
        open: 'two versions of the addon in one process are not tried',
      },
      {
        id: 'G8',
        fault: 'A process without descriptors or memory, and a disk without space.',
        rule: 'Typed errors where that is possible; nothing is lost, and it goes on when there is room again.',
        checks: [
          short('resources', /^a process without descriptors, /),
          scenario('resources', 'a process without memory', 'a disk without space'),
        ],
      },
      {
        id: 'G9',
        fault: 'Errors of memory and races, looked for by checkers.',
        rule: 'There are none.',
        checks: [],
        open: 'the checkers are a run of their own, `npm run sanitize`',
      },
      {
        id: 'G10',
        fault: 'Millions of mutated inputs.',
        rule: 'No panic.',
        checks: [cargo('no_bytes_make_a_reader_panic', 'no_header_of_signatures_makes_it_panic')],
        open: 'fuzzing is a run of its own',
      },
      {
        id: 'G11',
        fault: 'Packages that are damaged, incomplete, or for another platform.',
        rule: 'Loading fails with what to do.',
        checks: [js('broken-installs', /^([1-9]|1[0-2])\. /, 'there is no addon for the platform at all')],
      },
    ],
  },
  {
    id: 'H',
    title: 'The authorization code flow',
    rows: [
      {
        id: 'H1',
        fault: 'The state of a callback is missing, wrong, or of another login.',
        rule: 'It is refused before any exchange.',
        checks: [
          cargo('a_callback_of_somebody_else_is_refused'),
          js('oidc-provider', 'with a wrong state is refused, and not sent anywhere'),
          js(
            'web-login',
            'a callback that does not belong to this browser is refused with a typed error, and nothing is exchanged',
          ),
        ],
      },
      {
        id: 'H2',
        fault: 'A code is stolen.',
        rule: 'PKCE with S256, and 256 random bits in each state and verifier.',
        checks: [
          cargo(
            'every_state_is_new_and_has_256_bits',
            'the_verifier_matches_the_challenge_and_is_never_the_state',
            'rfc_7636_appendix_b',
          ),
        ],
      },
      {
        id: 'H3',
        fault: 'The callback comes from another issuer.',
        rule: 'It is refused.',
        checks: [
          cargo('a_promised_issuer_must_be_there_and_right'),
          js('oidc-provider', 'from another issuer is refused, and not sent anywhere'),
        ],
      },
      {
        id: 'H4',
        fault: 'A callback comes again, at once or later.',
        rule: 'One exchange, and the same grant.',
        checks: [
          js(
            'codes',
            'the same callback many times at once, and again later, is one POST and one grant',
            'a code that was refused is not presented again',
          ),
        ],
      },
      {
        id: 'H5',
        fault: 'Prefetches, odd hosts, large bodies and hostile parameters of a callback.',
        rule: 'They begin nothing, and lead nowhere else.',
        checks: [
          js(
            'web-login',
            'HEAD, prefetches and other methods begin and end nothing',
            'however returnTo is spelt, the browser stays on the origin of the redirectUri',
          ),
          js('web-node', 'a target never reaches another host or path than the one that was asked for'),
        ],
      },
    ],
  },
]

export const ROWS = GROUPS.flatMap(({ rows }) => rows)
