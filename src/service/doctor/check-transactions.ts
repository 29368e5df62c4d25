import {
  findOldTransactions,
  type OldTransaction,
  transactionIdAge,
} from '../../store/diagnosis/old-transactions.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import { type Check, type Checks, failed, ok, warning } from './check.ts';

export type TransactionLimits = {
  /** Age from which an open transaction is a fault. */
  seconds: number;
  /** Transactions that a replication slot, or a session whose age is hidden, may lag behind. */
  transactions: number;
};

/** After 300 s, statistics and the outcome stream lag so much that it is noticed. */
const LIMITS: TransactionLimits = { seconds: 300, transactions: 10_000_000 };
/** Postgres warns 40 million before 2,147 million, and stops 3 million before. Autovacuum begins at 200 million. */
const MAX_ID_AGE = 1_500_000_000;

export async function* checkTransactions(db: Queryable, limits = LIMITS): Checks {
  yield oldTransactionsCheck(await findOldTransactions(db), limits);
  yield idAgeCheck(await transactionIdAge(db));
}

export function oldTransactionsCheck(found: OldTransaction[], limits = LIMITS): Check {
  const tooOld = found.filter(({ seconds, transactions }) =>
    seconds === null ? transactions > limits.transactions : seconds > limits.seconds,
  );
  const name = 'postgres transactions';
  if (tooOld.length === 0) return ok(name, 'No old transaction keeps outcomes and dead rows back.');
  const [worst] = tooOld;
  const others = tooOld.length > 1 ? `, and ${tooOld.length - 1} more` : '';
  return failed(
    name,
    `${describe(worst!)}${others}. The outcome stream and statistics wait for it, and dead rows cannot be removed.`,
    FIXES[worst!.kind](worst!),
  );
}

function describe({ kind, name, database, seconds, transactions }: OldTransaction): string {
  const age = seconds === null ? `for ${transactions} transactions` : `for ${Math.round(seconds)} s`;
  const place = database ? ` in the database ${database}` : '';
  if (kind === 'slot') return `The replication slot ${name} has held rows back ${age}`;
  if (kind === 'prepared') return `The prepared transaction ${name}${place} has been open ${age}`;
  return `A transaction of process ${name}${place} has been open ${age}`;
}

const FIXES: Record<OldTransaction['kind'], (found: OldTransaction) => string> = {
  session: ({ name }) =>
    `Find out what it is (SELECT * FROM pg_stat_activity WHERE pid = ${name}), and end it: SELECT pg_terminate_backend(${name}).`,
  prepared: () => 'COMMIT PREPARED or ROLLBACK PREPARED it.',
  slot: () => 'Bring its consumer back, or drop it with pg_drop_replication_slot.',
};

export function idAgeCheck(age: number): Check {
  const millions = `${Math.round(age / 1e6)} million transactions since the oldest unfrozen one`;
  if (age < MAX_ID_AGE) return ok('postgres transaction ids', `${millions}.`);
  return warning(
    'postgres transaction ids',
    `${millions}; at 2,100 million, Postgres accepts no more writes.`,
    'See why autovacuum does not freeze (old transactions, replication slots), and run VACUUM (FREEZE) on the oldest tables.',
  );
}
