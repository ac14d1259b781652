/**
 * For a test file that repeats by the thousand what others cover: it is not measured, which takes a fifth of its time. One
 * line, before all that it tests: `import './support/uncovered.ts'`.
 */
import { stopCoverage } from 'node:v8'

stopCoverage()
