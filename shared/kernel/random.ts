/** A seeded generator: xoshiro128** (Blackman and Vigna, 2018), seeded by splitmix32 from any text. */
export interface Random {
  /** A float in [0, 1) with 32 random bits. */
  uniform(): number;
  /** An integer in [0, bound), bound up to 2^32. */
  below(bound: number): number;
}

/** The same seed gives the same sequence on every machine. */
export function seededRandom(seed: string): Random {
  const state = new Uint32Array(4);
  let mix = 0x9e3779b9;
  for (const character of seed) mix = Math.imul(mix ^ character.codePointAt(0)!, 0x85ebca6b) >>> 0;
  for (let word = 0; word < 4; word++) {
    mix = (mix + 0x9e3779b9) >>> 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    state[word] = (z ^ (z >>> 15)) >>> 0;
  }
  const next = (): number => {
    const rotated = Math.imul(state[1]!, 5);
    const result = Math.imul((rotated << 7) | (rotated >>> 25), 9) >>> 0;
    const shifted = state[1]! << 9;
    state[2]! ^= state[0]!;
    state[3]! ^= state[1]!;
    state[1]! ^= state[2]!;
    state[0]! ^= state[3]!;
    state[2]! ^= shifted;
    state[3] = (state[3]! << 11) | (state[3]! >>> 21);
    return result;
  };
  return { uniform: () => next() / 4294967296, below: (bound) => Math.floor((next() / 4294967296) * bound) };
}
