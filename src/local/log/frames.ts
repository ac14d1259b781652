/**
 * The frames of a log: what one flush wrote, under a checksum, whole or not at all.
 *
 *     header of the file   "fauna-streams log 1\n"
 *     then frames          length of the payload, CRC-32 of the payload, CRC-32 of these 8 bytes and the frame's offset
 *                          (each 4 bytes, the low one first); then the payload: records, each behind its length
 *
 * A frame is written only when the one before it is on the disk, so a crash can hurt the last one alone: it is cut short,
 * or, where power was lost, sectors of it were never written and read as zeros. Anything else is damage.
 */
import { crc32 } from 'node:zlib'

/** The first bytes of every log; the number is the version of the format. */
export const FILE_HEADER = Buffer.from('fauna-streams log 1\n')
/** What logs of every version begin with. */
export const FILE_FAMILY = 'fauna-streams log '

/** The bytes before the payload of a frame. */
export const FRAME_HEADER_BYTES = 12
const LENGTH_BYTES = 4
/** Disks write no less than this at once. */
const SECTOR_BYTES = 512

/** The bytes of a frame that stands at an offset in the file. */
export function writeFrame(records: readonly Buffer[], offset: number): Buffer {
  const parts: Buffer[] = [Buffer.alloc(FRAME_HEADER_BYTES)]
  for (const record of records) {
    const length = Buffer.allocUnsafe(LENGTH_BYTES)
    length.writeUInt32LE(record.length)
    parts.push(length, record)
  }
  const frame = Buffer.concat(parts)
  const payload = frame.subarray(FRAME_HEADER_BYTES)
  frame.writeUInt32LE(payload.length, 0)
  frame.writeUInt32LE(crc32(payload), LENGTH_BYTES)
  frame.writeUInt32LE(checkHeader(frame, offset), 2 * LENGTH_BYTES)
  return frame
}

/** The offset is part of the checksum, so that bytes of a user never pass for a frame. */
function checkHeader(header: Buffer, offset: number): number {
  return crc32(header.subarray(0, 2 * LENGTH_BYTES), crc32(String(offset)))
}

/** The length and the checksum of the payload of the frame at an offset; undefined where no header stands there. */
export function readFrameHeader(header: Buffer, offset: number): { length: number; check: number } | undefined {
  if (header.length < FRAME_HEADER_BYTES) return undefined
  if (header.readUInt32LE(2 * LENGTH_BYTES) !== checkHeader(header, offset)) return undefined
  return { length: header.readUInt32LE(0), check: header.readUInt32LE(LENGTH_BYTES) }
}

/** The records in a payload; undefined where its checksum is another one. */
export function readPayload(payload: Buffer, check: number): Buffer[] | undefined {
  if (crc32(payload) !== check) return undefined
  const records: Buffer[] = []
  for (let at = 0; at < payload.length;) {
    const start = at + LENGTH_BYTES
    const end = start + payload.readUInt32LE(at)
    records.push(payload.subarray(start, end))
    at = end
  }
  return records
}

/**
 * Whether a crash explains what stands at the end of a log, from the offset of the first frame that is not whole to the
 * end of the file.
 */
export function isTornTail(rest: Buffer, offset: number): boolean {
  if (rest.length < FRAME_HEADER_BYTES) return true
  const header = readFrameHeader(rest, offset)
  if (header !== undefined) {
    const missing = header.length + FRAME_HEADER_BYTES - rest.length
    if (missing > 0) return true
    // Behind a frame that is as long as it says nothing follows before it is on the disk.
    return missing === 0 && hasUnwrittenSector(rest, offset)
  }
  return hasUnwrittenSector(rest, offset) && !hasFrame(rest, offset)
}

/** Whether the part of some sector that lies in these bytes is all zeros. */
function hasUnwrittenSector(bytes: Buffer, offset: number): boolean {
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + SECTOR_BYTES - ((offset + at) % SECTOR_BYTES))
    if (bytes.subarray(at, end).every(byte => byte === 0)) return true
    at = end
  }
  return false
}

/** Whether the header of a frame stands anywhere in these bytes but at their beginning. */
function hasFrame(bytes: Buffer, offset: number): boolean {
  for (let at = 1; at + FRAME_HEADER_BYTES <= bytes.length; at++) {
    if (readFrameHeader(bytes.subarray(at, at + FRAME_HEADER_BYTES), offset + at) !== undefined) return true
  }
  return false
}
