import { certificateReaders } from './certificate-readers.ts';
import { evidenceReaders } from './evidence-readers.ts';
import { operationReaders } from './operation-readers.ts';
import type { Reader, ThresholdName } from './reading.ts';
import { returnReaders } from './return-readers.ts';
import { spreadReaders } from './spread-readers.ts';

/** The reader of every threshold: one that the schema has and this lacks does not compile. */
export const READERS: Readonly<Record<ThresholdName, Reader>> = {
  ...certificateReaders,
  ...evidenceReaders,
  ...operationReaders,
  ...returnReaders,
  ...spreadReaders,
};
