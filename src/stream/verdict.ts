/** What a stream does about the end of an exchange: give up, or come back, and how soon (reliability.md, "Rules"). */
import type { End } from '../end.ts'

/**
 * `fatal`: coming back would not help. `again`: the peer surely did nothing; once more at once. `reauthorize`: a right
 * was changed; once more at once. `later`: a loss like any other, after a wait.
 */
export type Verdict = 'fatal' | 'again' | 'reauthorize' | 'later'

/** OpenSSL's and Node's codes for a certificate or a TLS setting that will not mend itself. */
const hopelessTls = /^(ERR_TLS_|ERR_SSL_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_)/

/** Judges how an exchange ended; `wasOpen` where the stream was open before, with this same endpoint. */
export function judge(end: Exclude<End, { how: 'closed' }>, wasOpen: boolean): Verdict {
  switch (end.how) {
    case 'garbled':
      return 'fatal'
    case 'answered':
      return end.error.retryable ? 'later' : 'fatal'
    case 'told':
      if (end.error.code === 'permission denied') return 'reauthorize'
      return end.error.retryable ? 'later' : 'fatal'
    case 'refused':
      return 'again'
    case 'foreign':
      // What never spoke HTTP/2 is the wrong door; what did may be behind a proxy that is restarting.
      return wasOpen ? 'later' : 'fatal'
    case 'unreachable':
      return !wasOpen && hopelessTls.test(codeOf(end.cause)) ? 'fatal' : 'later'
    case 'finished':
    case 'reset':
    case 'goaway':
    case 'cut':
    case 'silent':
    case 'no_secret':
      return 'later'
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}
