// A map kept in the order of its keys: a B+ tree whose leaves are linked, so that a range is read without climbing.

/** Entries of a leaf, or children of an inner node; a node with more is split in two. */
const MAX_SIZE = 64
/** A node with fewer, other than the root, is joined with a neighbour. */
const MIN_SIZE = MAX_SIZE / 4

type Leaf<K, V> = {
  keys: K[]
  values: V[]
  before: Leaf<K, V> | undefined
  after: Leaf<K, V> | undefined
}
/** `keys[i]` parts the children: those of `children[i]` are below it, those of `children[i + 1]` are not. */
type Inner<K, V> = { keys: K[]; children: Node<K, V>[] }
type Node<K, V> = Leaf<K, V> | Inner<K, V>
type Split<K, V> = { key: K; right: Node<K, V> }

/**
 * A map that iterates in the order of its keys. `get`, `has`, `set`, `delete` and the start of an iteration take
 * O(log n); a step of an iteration takes O(1). While iterating, the map must not be changed.
 */
export class OrderedMap<K, V> {
  readonly #compare: (a: K, b: K) => number
  #root: Node<K, V> = { keys: [], values: [], before: undefined, after: undefined }
  #size = 0

  /** `compare` is a total order: below, above or equal to 0; keys that compare equal are one key. */
  constructor(compare: (a: K, b: K) => number) {
    this.#compare = compare
  }

  /** The number of entries. */
  get size(): number {
    return this.#size
  }

  /** The value of a key, or undefined. */
  get(key: K): V | undefined {
    const leaf = this.#findLeaf(key)
    const at = this.#findFirstNotBelow(leaf.keys, key)
    return this.#isAt(leaf, at, key) ? leaf.values[at] : undefined
  }

  /** Whether there is an entry for a key. */
  has(key: K): boolean {
    const leaf = this.#findLeaf(key)
    return this.#isAt(leaf, this.#findFirstNotBelow(leaf.keys, key), key)
  }

  /** Adds an entry or replaces its value (the key stays the first one given). */
  set(key: K, value: V): this {
    const split = this.#insert(this.#root, key, value)
    if (split) this.#root = { keys: [split.key], children: [this.#root, split.right] }
    return this
  }

  /** Removes an entry; false if there was none. */
  delete(key: K): boolean {
    const isDeleted = this.#remove(this.#root, key)
    const root = this.#root
    if ('children' in root && root.children.length === 1) this.#root = root.children[0] as Node<K, V>
    return isDeleted
  }

  /** The keys, from the least up. */
  *keys(): IterableIterator<K> {
    for (const [key] of this.ascend()) yield key
  }

  /** The entries, from the least key up. */
  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.ascend()
  }

  /** The entry with the least key, or undefined. */
  first(): [K, V] | undefined {
    return this.ascend().next().value as [K, V] | undefined
  }

  /** The entry with the greatest key, or undefined. */
  last(): [K, V] | undefined {
    return this.descend().next().value as [K, V] | undefined
  }

  /** Entries from the least key up, or from `from` up, with it (the default) or without. */
  *ascend(from?: K, inclusive = true): IterableIterator<[K, V]> {
    let leaf: Leaf<K, V> | undefined = from === undefined ? this.#findEdge('first') : this.#findLeaf(from)
    let at = 0
    if (from !== undefined)
      at = inclusive ? this.#findFirstNotBelow(leaf.keys, from) : this.#findFirstAbove(leaf.keys, from)
    for (; leaf; leaf = leaf.after, at = 0) {
      for (; at < leaf.keys.length; at++) yield [leaf.keys[at] as K, leaf.values[at] as V]
    }
  }

  /** Entries from the greatest key down, or from `from` down, with it (the default) or without. */
  *descend(from?: K, inclusive = true): IterableIterator<[K, V]> {
    let leaf: Leaf<K, V> | undefined = from === undefined ? this.#findEdge('last') : this.#findLeaf(from)
    let at = leaf.keys.length
    if (from !== undefined)
      at = inclusive ? this.#findFirstAbove(leaf.keys, from) : this.#findFirstNotBelow(leaf.keys, from)
    while (leaf) {
      for (at--; at >= 0; at--) yield [leaf.keys[at] as K, leaf.values[at] as V]
      leaf = leaf.before
      at = leaf?.keys.length ?? 0
    }
  }

  #insert(node: Node<K, V>, key: K, value: V): Split<K, V> | undefined {
    if ('children' in node) return this.#insertBelow(node, key, value)
    const at = this.#findFirstNotBelow(node.keys, key)
    if (this.#isAt(node, at, key)) {
      node.values[at] = value
      return undefined
    }
    this.#size += 1
    if (node.keys.length === 0) {
      // Many maps have one entry for ever: arrays that grow would have room for many.
      node.keys = [key]
      node.values = [value]
      return undefined
    }
    node.keys.splice(at, 0, key)
    node.values.splice(at, 0, value)
    return node.keys.length > MAX_SIZE ? splitLeaf(node) : undefined
  }

  #insertBelow(node: Inner<K, V>, key: K, value: V): Split<K, V> | undefined {
    const at = this.#findFirstAbove(node.keys, key)
    const split = this.#insert(node.children[at] as Node<K, V>, key, value)
    if (!split) return undefined
    node.keys.splice(at, 0, split.key)
    node.children.splice(at + 1, 0, split.right)
    return node.children.length > MAX_SIZE ? splitInner(node) : undefined
  }

  #remove(node: Node<K, V>, key: K): boolean {
    if ('children' in node) {
      const at = this.#findFirstAbove(node.keys, key)
      const isDeleted = this.#remove(node.children[at] as Node<K, V>, key)
      if (isDeleted) refill(node, at)
      return isDeleted
    }
    const at = this.#findFirstNotBelow(node.keys, key)
    if (!this.#isAt(node, at, key)) return false
    node.keys.splice(at, 1)
    node.values.splice(at, 1)
    this.#size -= 1
    return true
  }

  #findLeaf(key: K): Leaf<K, V> {
    let node = this.#root
    while ('children' in node) node = node.children[this.#findFirstAbove(node.keys, key)] as Node<K, V>
    return node
  }

  #findEdge(edge: 'first' | 'last'): Leaf<K, V> {
    let node = this.#root
    while ('children' in node) node = node.children[edge === 'first' ? 0 : node.children.length - 1] as Node<K, V>
    return node
  }

  #isAt(leaf: Leaf<K, V>, at: number, key: K): boolean {
    return at < leaf.keys.length && this.#compare(leaf.keys[at] as K, key) === 0
  }

  #findFirstNotBelow(keys: readonly K[], key: K): number {
    let low = 0
    let high = keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compare(keys[middle] as K, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #findFirstAbove(keys: readonly K[], key: K): number {
    let low = 0
    let high = keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#compare(keys[middle] as K, key) <= 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

function splitLeaf<K, V>(leaf: Leaf<K, V>): Split<K, V> {
  // Keys that only grow leave full leaves behind, not half-full ones.
  const isAppending = leaf.after === undefined
  const middle = isAppending ? leaf.keys.length - MIN_SIZE : leaf.keys.length >>> 1
  const right: Leaf<K, V> = {
    keys: leaf.keys.splice(middle),
    values: leaf.values.splice(middle),
    before: leaf,
    after: leaf.after,
  }
  if (leaf.after) leaf.after.before = right
  leaf.after = right
  return { key: right.keys[0] as K, right }
}

function splitInner<K, V>(node: Inner<K, V>): Split<K, V> {
  const middle = node.children.length >>> 1
  const right: Inner<K, V> = { keys: node.keys.splice(middle), children: node.children.splice(middle) }
  return { key: node.keys.pop() as K, right }
}

/** Joins a child that has become small with a neighbour, and splits the two again if they are too large for one. */
function refill<K, V>(parent: Inner<K, V>, at: number): void {
  const child = parent.children[at] as Node<K, V>
  const size = 'children' in child ? child.children.length : child.keys.length
  if (size >= MIN_SIZE || parent.children.length === 1) return
  const leftAt = at > 0 ? at - 1 : at
  const left = parent.children[leftAt] as Node<K, V>
  const [key] = parent.keys.splice(leftAt, 1) as [K]
  const [right] = parent.children.splice(leftAt + 1, 1) as [Node<K, V>]
  const split = join(left, key, right)
  if (!split) return
  parent.keys.splice(leftAt, 0, split.key)
  parent.children.splice(leftAt + 1, 0, split.right)
}

function join<K, V>(left: Node<K, V>, key: K, right: Node<K, V>): Split<K, V> | undefined {
  if ('children' in left && 'children' in right) {
    left.keys.push(key, ...right.keys)
    left.children.push(...right.children)
    return left.children.length > MAX_SIZE ? splitInner(left) : undefined
  }
  if ('children' in left || 'children' in right) throw new TypeError('Neighbours of a B+ tree have the same height')
  left.keys.push(...right.keys)
  left.values.push(...right.values)
  left.after = right.after
  if (right.after) right.after.before = left
  return left.keys.length > MAX_SIZE ? splitLeaf(left) : undefined
}
