/** Names of the HTTP/2 error codes (RFC 9113 §7). */
import { constants } from 'node:http2'

const names: ReadonlyMap<number, string> = new Map([
  [constants.NGHTTP2_NO_ERROR, 'NO_ERROR'],
  [constants.NGHTTP2_PROTOCOL_ERROR, 'PROTOCOL_ERROR'],
  [constants.NGHTTP2_INTERNAL_ERROR, 'INTERNAL_ERROR'],
  [constants.NGHTTP2_FLOW_CONTROL_ERROR, 'FLOW_CONTROL_ERROR'],
  [constants.NGHTTP2_SETTINGS_TIMEOUT, 'SETTINGS_TIMEOUT'],
  [constants.NGHTTP2_STREAM_CLOSED, 'STREAM_CLOSED'],
  [constants.NGHTTP2_FRAME_SIZE_ERROR, 'FRAME_SIZE_ERROR'],
  [constants.NGHTTP2_REFUSED_STREAM, 'REFUSED_STREAM'],
  [constants.NGHTTP2_CANCEL, 'CANCEL'],
  [constants.NGHTTP2_COMPRESSION_ERROR, 'COMPRESSION_ERROR'],
  [constants.NGHTTP2_CONNECT_ERROR, 'CONNECT_ERROR'],
  [constants.NGHTTP2_ENHANCE_YOUR_CALM, 'ENHANCE_YOUR_CALM'],
  [constants.NGHTTP2_INADEQUATE_SECURITY, 'INADEQUATE_SECURITY'],
  [constants.NGHTTP2_HTTP_1_1_REQUIRED, 'HTTP_1_1_REQUIRED'],
])

export const noError = constants.NGHTTP2_NO_ERROR
export const refusedStream = constants.NGHTTP2_REFUSED_STREAM
export const cancel = constants.NGHTTP2_CANCEL
export const enhanceYourCalm = constants.NGHTTP2_ENHANCE_YOUR_CALM

/** The name of an HTTP/2 error code, as `ENHANCE_YOUR_CALM`; an unknown one in hexadecimal. */
export function nameOf(code: number): string {
  return names.get(code) ?? `error code 0x${code.toString(16)}`
}
