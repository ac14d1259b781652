/** What the package weighs: to install, and in an app that is bundled. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import type { Fact } from './special.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const kib = 1024

/** Doors of the package, with a name that an app takes from each. */
const doors = [
  ['fauna-streams', 'src/index.ts', 'Client'],
  ['fauna-streams/local', 'src/local/index.ts', 'startLocal'],
] as const

/** Bytes of an app that takes one name from a door, bundled with what the door needs, minified and compressed. */
async function bundleDoor(path: string, name: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: `export { ${name} } from './${path}'`, resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    platform: 'node',
    format: 'esm',
  })
  return gzipSync(outputFiles[0]!.contents).length
}

/** Builds and packs, without writing the packed file. */
function pack(): { readonly size: number; readonly unpackedSize: number } {
  const run = (program: string, args: readonly string[]) =>
    execFileSync(program, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  run(process.execPath, ['scripts/build.mjs'])
  const npm = process.env['npm_execpath']
  const words = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const told = npm === undefined ? run('npm', words) : run(process.execPath, [npm, ...words])
  const [packed] = JSON.parse(told) as [{ size: number; unpackedSize: number }]
  return packed
}

/** Every size, in KiB. */
export async function measureSize(): Promise<Fact[]> {
  const { size, unpackedSize } = pack()
  const facts = [
    { name: 'size of the packed file', value: size / kib, unit: 'KiB' },
    { name: 'size of what is installed, without zod and eventemitter3', value: unpackedSize / kib, unit: 'KiB' },
  ]
  for (const [door, path, name] of doors) {
    const value = (await bundleDoor(path, name)) / kib
    facts.push({
      name: `size of ${name} of ${door} in a bundle, with all it needs, minified, gzip`,
      value,
      unit: 'KiB',
    })
  }
  return facts
}
