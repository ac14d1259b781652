// An empty project with the packed file in it, as its users have one: the app of tests/packed runs there, its types
// compile, and every door can be imported. Used by pack.mjs.
import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const packed = join(root, 'tests/packed')

/** @typedef {{ name: string, peerDependencies?: Record<string, string>, devDependencies: Record<string, string> }} Manifest */
/** @type {Manifest} */
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** What a program that runs the app is called with, and what is known not to work there (docs/operating.md says so).
 * @type {Record<string, { args: readonly string[], failing: readonly string[] }>} */
const runtimes = {
  node: { args: [], failing: [] },
  deno: { args: ['run', '--allow-all'], failing: [] },
  bun: { args: ['run'], failing: ['more than the windows hold, read slowly'] },
}

/** Ways in which TypeScript finds a package, each with the modules that go with it. */
const resolutions = { node16: 'node16', nodenext: 'nodenext', bundler: 'esnext' }

/** An app in an empty folder. */
export class EmptyApp {
  #folder
  #npm

  /** @param {string} folder
   * @param {(args: readonly string[], cwd: string) => string} npm */
  constructor(folder, npm) {
    this.#folder = folder
    this.#npm = npm
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
    for (const name of ['app.mjs', 'types.mts']) copyFileSync(join(packed, name), join(folder, name))
  }

  /** @param {readonly string[]} packages */
  install(packages) {
    this.#npm(['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', ...packages], this.#folder)
  }

  /** Runs the app; fails where a step fails that is not known to, and where one works that is.
   * @param {string} program a path, or the name of a program
   * @param {string} kind */
  run(program, kind = 'node') {
    const runtime = runtimes[kind]
    if (runtime === undefined) throw new Error(`${kind} is none of ${Object.keys(runtimes).join(', ')}`)
    const { args, failing } = runtime
    const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).split('\n')[0]
    console.log(`the packed file in an empty app, ${kind} ${version}`)
    this.#show(program, [...args, 'app.mjs', ...failing])
  }

  /** Compiles what uses the types, the types themselves included. */
  checkTypes() {
    const compilerOptions = {
      strict: true,
      target: 'es2022',
      lib: ['es2022', 'esnext.disposable'],
      types: ['node'],
      skipLibCheck: false,
      noEmit: true,
    }
    for (const [moduleResolution, module] of Object.entries(resolutions)) {
      const config = { compilerOptions: { ...compilerOptions, module, moduleResolution }, files: ['types.mts'] }
      writeFileSync(join(this.#folder, 'tsconfig.json'), JSON.stringify(config))
      this.#show(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'])
      console.log(`types, module resolution ${moduleResolution}: compile`)
    }
  }

  /** Imports doors.
   * @param {readonly string[]} doors */
  importDoors(doors) {
    for (const door of doors) {
      const specifier = manifest.name + door.slice(1)
      const program = `const names = Object.keys(await import('${specifier}'))
        if (names.length === 0) throw new Error('${specifier} exports nothing')
        console.log('${specifier}:', names.join(' '))`
      this.#show(process.execPath, ['--input-type=module', '--eval', program])
    }
  }

  /** @param {string} program
   * @param {readonly string[]} args */
  #show(program, args) {
    execFileSync(program, args, { cwd: this.#folder, stdio: ['ignore', 'inherit', 'inherit'] })
  }
}

/** What the app installs beside the packed file, once it ran without: the types of Node, and the peers that are optional. */
export function listCompanions() {
  const types = `@types/node@${manifest.devDependencies['@types/node']}`
  return [types, ...Object.entries(manifest.peerDependencies ?? {}).map(([name, range]) => `${name}@${range}`)]
}
