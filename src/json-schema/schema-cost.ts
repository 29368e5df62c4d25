/** How much checking a schema can take, with what its references name repeated. */
export type SchemaCost = {
  /** Schemas, keywords, and values such as those of `enum`. */
  total: number;
  /** Of those, what is held against each item of an array or each member of an object: data decides how often. */
  perItem: number;
  /** How often a byte of the data can be read, beside what patterns do. */
  textReads: number;
  patterns: number;
  /** Schemas in each other. */
  depth: number;
};

export const ZERO_COST: SchemaCost = { total: 0, perItem: 0, textReads: 0, patterns: 0, depth: 0 };

/** Of parts that can all be held against one value. */
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

/** Of parts that are each held against another value. */
export const sumCostsOfDistinctValues = (sizes: SchemaCost[]): SchemaCost => ({
  ...sumCosts(sizes),
  textReads: Math.max(0, ...sizes.map(({ textReads }) => textReads)),
});

export const chargePerItem = (size: SchemaCost): SchemaCost => ({ ...size, perItem: size.total });
