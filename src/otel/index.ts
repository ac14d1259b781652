/** The door of the OpenTelemetry instrumentation. */
export { type OtelOptions, type OtelRegistration, registerOtel } from './register.ts'
