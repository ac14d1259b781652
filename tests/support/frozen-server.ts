/** A program that runs the embedded server until it is killed: it prints `at <endpoint>`. */
import { startLocal } from '../../src/local/index.ts'

const server = await startLocal()
console.log(`at ${server.endpoint}`)
