/** What checking data against a schema costs. Referenced schemas count each time they are used. */
export type SchemaCost = {
  /** Number of schemas, keywords, and values such as those of `enum`. */
  total: number;
  /** The part of `total` that applies to each item of an array or member of an object: the data decides how often. */
  perItem: number;
  /** How often each byte of the data may be read, not counting patterns. */
  textReads: number;
  /** Number of patterns. */
  patterns: number;
  /** Levels of schemas within schemas. */
  depth: number;
};

export const ZERO_COST: SchemaCost = { total: 0, perItem: 0, textReads: 0, patterns: 0, depth: 0 };

/** The cost of parts that may all apply to the same value. */
export const sumCosts = (sizes: SchemaCost[]): SchemaCost =>
  sizes.reduce(
    (total, size) => ({
      total: total.total + size.total,
      perItem: total.perItem + size.perItem,
      textReads: total.textReads + size.textReads,
      patterns: total.patterns + size.patterns,
      depth: Math.max(total.depth, size.depth),
    }),
    ZERO_COST,
  );

/** The cost of parts that each apply to a different value: no value is read by more than one of them. */
export const sumCostsOfDistinctValues = (sizes: SchemaCost[]): SchemaCost => ({
  ...sumCosts(sizes),
  textReads: Math.max(0, ...sizes.map(({ textReads }) => textReads)),
});

/** The cost of a part that applies to each item or member. */
export const chargePerItem = (size: SchemaCost): SchemaCost => ({ ...size, perItem: size.total });
