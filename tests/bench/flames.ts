/** A CPU profile of V8 as a flame graph: each box a function, as wide as its share of the samples, above what called it. */
import type { Profiler } from 'node:inspector'

const width = 1_200
const rowHeight = 18
const minWidth = 0.5
/** Characters are about so wide, in pixels. */
const letter = 6.6

type Node = { readonly name: string; readonly place: string; samples: number; readonly children: Map<string, Node> }

function makeNode(name: string, place: string): Node {
  return { name, place, samples: 0, children: new Map() }
}

/** Puts calls of the same function from the same place together, and counts the samples below each. */
function build(profile: Profiler.Profile): Node {
  const byId = new Map(profile.nodes.map(node => [node.id, node]))
  const parents = new Map(profile.nodes.flatMap(node => (node.children ?? []).map(child => [child, node.id] as const)))
  const root = makeNode('all', '')
  for (const sample of profile.samples ?? []) {
    const path: Profiler.ProfileNode[] = []
    for (let id: number | undefined = sample; id !== undefined; id = parents.get(id)) path.unshift(byId.get(id)!)
    let at = root
    at.samples++
    for (const { callFrame } of path.slice(1)) {
      const { functionName, url, lineNumber } = callFrame
      const place = url === '' ? '' : `${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`
      const key = `${functionName} ${place}`
      const next = at.children.get(key) ?? makeNode(functionName || '(anonymous)', place)
      at.children.set(key, next)
      next.samples++
      at = next
    }
  }
  return root
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function colour({ place }: Node): string {
  if (/^(events|values|ndjson|stream|transport|src)\//.test(place)) return '#58a6ff'
  return place.startsWith('node:') || place.startsWith('internal/') ? '#d0d7de' : '#f0b37e'
}

/** The flame graph as SVG; `title` says what was measured. A box tells its share when the pointer rests on it. */
export function drawFlames(profile: Profiler.Profile, title: string): string {
  const root = build(profile)
  const boxes: string[] = []
  let depth = 0
  const draw = (node: Node, x: number, level: number): void => {
    const size = (node.samples / root.samples) * width
    if (size < minWidth) return
    depth = Math.max(depth, level)
    const share = `${((100 * node.samples) / root.samples).toFixed(1)} %`
    const label = escape(node.name.slice(0, Math.max(0, Math.floor(size / letter) - 1)))
    const told = escape([node.name, node.place, share].join(' '))
    boxes.push(
      `<g transform="translate(${x.toFixed(1)},${level})"><title>${told}</title><rect width="${size.toFixed(1)}" height="${rowHeight - 1}" fill="${colour(node)}"/><text x="3" y="13">${label}</text></g>`,
    )
    let next = x
    for (const child of [...node.children.values()].toSorted((one, other) => other.samples - one.samples)) {
      draw(child, next, level + 1)
      next += (child.samples / root.samples) * width
    }
  }
  draw(root, 0, 0)
  const height = (depth + 2) * rowHeight
  const placed = boxes.map(box =>
    box.replace(/,(\d+)\)"/, (_, level: string) => `,${height - (Number(level) + 1) * rowHeight})"`),
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, monospace" font-size="11">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="4" y="13">${escape(title)}</text>
${placed.join('\n')}
</svg>
`
}
